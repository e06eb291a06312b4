import { guard } from '../../../call/spans.ts';
import { at, foreign, type Method, wrapOnce } from '../patch.ts';
import { watchClosing } from '../ws-closing.ts';
import type { FollowedSocket } from './followed-socket.ts';

/** Whether a socket is to be followed, and by whom. */
export type FollowSocket = (
  socket: object,
  address: unknown,
) => { readonly followed: FollowedSocket; readonly takesBytes: boolean } | undefined;

/** The clients of `ws`: every connection passes here once, when it stands, of clients and of servers. */
export function patchWs(websocketClass: unknown, follow: FollowSocket): void {
  wrapOnce(
    at(websocketClass, 'prototype'),
    'setSocket',
    (setSocket) =>
      function (this: unknown, ...args) {
        if (at(this, '_isServer') !== true) guard('following a socket', () => watch(this, follow));
        return setSocket.apply(this, args);
      },
  );
}

const OPEN = 1;

function watch(ws: unknown, follow: FollowSocket): void {
  const socket = foreign(ws);
  const found = socket && follow(socket, socket.url);
  if (!found) return;
  const { followed, takesBytes } = found;
  // `emit` and not each listener: it covers listeners added by anyone, whenever, and we look first.
  wrapOnce(
    ws,
    'emit',
    (emit) =>
      function (this: unknown, ...args) {
        const [type, data, isBinary] = args;
        const value = type === 'message' && isBinary !== true && !takesBytes ? textOf(data) : data;
        return followed.event(type, value, () => emit.apply(this, args));
      },
  );
  wrapOnce(ws, 'send', (send) => tracedSend(send, followed));
  watchClosing(ws, () => followed.closing());
}

const tracedSend = (send: Method, followed: FollowedSocket): Method =>
  function (this: unknown, ...args) {
    const sends = at(this, 'readyState') === OPEN;
    const result = send.apply(this, args);
    // What could not be sent is not told.
    if (sends) followed.sent(at(args[1], 'binary') === false ? textOf(args[0]) : args[0]);
    return result;
  };

/** A frame of text, which comes as bytes. */
function textOf(data: unknown): unknown {
  if (Buffer.isBuffer(data)) return data.toString('utf8');
  if (data instanceof ArrayBuffer) return Buffer.from(data).toString('utf8');
  if (Array.isArray(data)) return Buffer.concat(data.filter((part) => part instanceof Uint8Array)).toString();
  if (data instanceof Uint8Array)
    return Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('utf8');
  return data;
}
