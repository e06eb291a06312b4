import { parseJson } from '../kit/json.ts';
import { at } from '../kit/patch.ts';
import { listening, parameters } from '../kit/raw/connections.ts';
import type { FollowRaw } from '../kit/raw/protocol.ts';
import { CartesiaListenConnection } from './listen.ts';
import { CartesiaSocket } from './socket.ts';

// Cartesia's sockets, as applications open them themselves.

const followSpeech: FollowRaw = ({ opened }) => {
  const contexts = new CartesiaSocket(opened);
  let within = opened;
  return {
    get context() {
      return within;
    },
    opened: () => {},
    sent: (data) => contexts.sent(parseJson(data)),
    received: (data) => {
      const message = parseJson(data);
      within = contexts.contextOf(message);
      contexts.received(message);
    },
    closed: (code) => contexts.closed(code),
  };
};

const followTranscription: FollowRaw = ({ url, opened }) => {
  const connection = new CartesiaListenConnection(parameters(url), opened);
  return {
    ...listening(connection, {
      closed: (code) => connection.closed(code),
      told: (command) => connection.commanded(at(parseJson(command), 'type') ?? command),
    }),
    get context() {
      return connection.context;
    },
    received: (data, atMs) => connection.message(parseJson(data), atMs),
  };
};

/** Who follows each of them. */
export const FOLLOW = {
  speech: followSpeech,
  transcription: followTranscription,
};
