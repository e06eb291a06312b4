import { base64Bytes } from '../kit/base64.ts';
import { parseJson } from '../kit/json.ts';
import { at, text } from '../kit/patch.ts';
import { listening } from '../kit/raw/connections.ts';
import type { FollowRaw } from '../kit/raw/protocol.ts';
import { GladiaConnection } from './live.ts';

// Gladia's sockets, as applications open them themselves, and as its SDK does.

const live: FollowRaw = ({ opened }) => {
  const connection = new GladiaConnection(opened);
  return listening(connection, {
    closed: (code) => connection.closed(code),
    // Audio may come as text.
    told: (command, atMs) =>
      connection.sent(base64Bytes(text(at(parseJson(command), 'data', 'chunk')) ?? ''), atMs),
  });
};

/** Who follows them. */
export const FOLLOW = { live };
