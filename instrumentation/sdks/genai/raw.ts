import type { FollowRaw } from '../kit/raw/protocol.ts';
import { LiveSocket } from './live-socket.ts';

/** The Live API, of sockets that applications open themselves. */
const followLive: FollowRaw = ({ provider, opened }) => new LiveSocket(provider, opened);

/** Who follows each of them. */
export const FOLLOW = {
  live: followLive,
};
