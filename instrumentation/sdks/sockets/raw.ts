import { parseJson } from '../kit/json.ts';
import { begunBy, listening } from '../kit/raw/connections.ts';
import type { FollowRaw } from '../kit/raw/protocol.ts';
import { SonioxConnection } from './soniox.ts';
import { SpeechmaticsConnection } from './speechmatics.ts';

// Recognisers that have no folder of their own: no SDK of theirs is instrumented.

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

/** Who follows each of them. */
export const FOLLOW = { soniox, speechmatics };
