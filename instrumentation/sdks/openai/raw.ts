import { nowMs } from '../../call/clock.ts';
import { parseJson } from '../kit/json.ts';
import { closedCleanly } from '../kit/live/sockets.ts';
import type { FollowRaw } from '../kit/raw/protocol.ts';
import { RealtimeConnection } from './realtime-connection.ts';
import { sendEvent } from './realtime-frames.ts';

/** The Realtime API, of sockets that applications open themselves. */
const followRealtime: FollowRaw = ({ url, provider, opened }) => {
  const query = url.searchParams;
  const model = query.get('model') ?? query.get('deployment') ?? undefined;
  const connection = new RealtimeConnection({ provider, model }, opened);
  return {
    get context() {
      return connection.context;
    },
    opened: () => connection.opened(),
    sent: (data) => sendEvent(data, connection),
    received: (data, atMs) => {
      const event = parseJson(data);
      if (event) connection.server(event, atMs);
    },
    closed: (code) =>
      connection.closed(nowMs(), { final: true, ...(!closedCleanly(code) && { error: 'connection_lost' }) }),
  };
};

/** Who follows each of them. */
export const FOLLOW = {
  realtime: followRealtime,
};
