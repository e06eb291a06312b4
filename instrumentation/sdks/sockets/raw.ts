import { parseJson } from '../kit/json.ts';
import { begunBy, listening } from '../kit/raw/connections.ts';
import type { FollowRaw } from '../kit/raw/protocol.ts';
import { RimeSocket } from './rime.ts';
import { SonioxConnection } from './soniox.ts';
import { SpeechmaticsConnection } from './speechmatics.ts';

// Services that have no folder of their own: no SDK of theirs is known.

const soniox: FollowRaw = ({ opened }) =>
  begunBy(opened, (first) => {
    const config = parseJson(first);
    if (!config) return undefined;
    const connection = new SonioxConnection(config, opened);
    return listening(connection, { closed: (code) => connection.closed(code) });
  });

const speechmatics: FollowRaw = ({ opened }) =>
  begunBy(opened, (first) => {
    const start = parseJson(first);
    if (start?.message !== 'StartRecognition') return undefined;
    const connection = new SpeechmaticsConnection(start, opened);
    return listening(connection, { closed: (code) => connection.closed(code) });
  });

const rime: FollowRaw = ({ url, opened }) => {
  const socket = new RimeSocket(url, opened);
  return {
    get context() {
      return socket.context;
    },
    opened: () => {},
    sent: (data) => socket.sent(data),
    received: (data) => socket.received(data),
    closing: () => socket.closing(),
    closed: (code) => socket.closed(code),
  };
};

/** Who follows each of them. */
export const FOLLOW = { rime, soniox, speechmatics };
