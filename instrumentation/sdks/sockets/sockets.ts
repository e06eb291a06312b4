import { context } from '@opentelemetry/api';
import { followsRequests } from '../../call/open-stage.ts';
import { guard } from '../../call/spans.ts';
import { pick } from '../kit/patch.ts';
import { FollowedSocket } from '../kit/raw/followed-socket.ts';
import { patchWebSocket } from '../kit/raw/global.ts';
import { isLeftAlone } from '../kit/raw/left-alone.ts';
import { ownsSockets } from '../kit/raw/ownership.ts';
import { recognise } from '../kit/raw/recognise.ts';
import { type FollowSocket, patchWs } from '../kit/raw/ws.ts';
import { PROTOCOLS } from './protocols.ts';

/** `ws` 8: sockets that the application opens itself, to services whose protocol is known. Others are left alone. */
export function patchSockets(moduleExports: unknown): void {
  guard('patching ws', () => patchWs(pick(moduleExports, 'WebSocket'), follow));
}

/** The same of a class of WebSockets as browsers have it: the global one, undici's. */
export const patchBrowserSockets = (websocketClass: unknown): void =>
  void guard('patching WebSocket', () => patchWebSocket(websocketClass, follow));

const follow: FollowSocket = (socket, address) => {
  const found = recognise(address, PROTOCOLS);
  if (!found || !followsRequests() || isLeftAlone(found.protocol.folder)) return undefined;
  const opened = context.active();
  const { protocol, url, provider } = found;
  if (ownsSockets(opened, protocol.providers[0])) return undefined;
  const connect = () => protocol.load()({ url, provider, opened });
  return {
    followed: new FollowedSocket(socket, { claimedLate: protocol.claimedLate ?? false, connect }, opened),
    takesBytes: protocol.takesBytes ?? false,
  };
};
