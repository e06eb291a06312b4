import { context } from '@opentelemetry/api';
import { guard } from '../../../call/spans.ts';
import { at, foreign, type Method, pick, text, wrapOnce } from '../patch.ts';
import { watchClosing } from '../ws-closing.ts';
import type { Carrier } from './carrier.ts';
import { MediaSocket } from './media-socket.ts';

/** Those whose streams are followed, by name. Sockets that were accepted before one was added are followed by it as well. */
const carriers = new Map<string, Carrier>();

/**
 * Follows a carrier's media streams on the server side of `ws` 8. Sockets that speak no carrier's protocol are left alone.
 * All carriers share one wrapper: a socket is followed once, and its first messages say whose it is.
 */
export function patchMediaStreams(moduleExports: unknown, carrier: Carrier): void {
  guard('patching ws', () => {
    carriers.set(carrier.name, carrier);
    const server = pick(moduleExports, 'WebSocketServer') ?? pick(moduleExports, 'Server');
    // Every accepted connection passes here: with a port, with an HTTP server of one's own, and with `noServer`.
    wrapOnce(at(server, 'prototype'), 'handleUpgrade', tracedUpgrade);
  });
}

function tracedUpgrade(handleUpgrade: Method): Method {
  return function (this: unknown, ...args) {
    const [request, , , accepted] = args;
    if (typeof accepted !== 'function') return handleUpgrade.apply(this, args);
    args[3] = (ws: unknown, ...more: unknown[]): unknown => {
      const socket = guard('following a socket', () => follow(ws, text(foreign(request)?.url) ?? ''));
      const accept = (): unknown => accepted(ws, ...more);
      return socket ? context.with(socket.context, accept) : accept();
    };
    return handleUpgrade.apply(this, args);
  };
}

function follow(ws: unknown, url: string): MediaSocket | undefined {
  if (!foreign(ws)) return undefined;
  const socket = new MediaSocket(carriers, context.active(), { url });
  // `emit` and not each listener: `off` keeps working, and it covers listeners added by anyone, whenever.
  wrapOnce(
    ws,
    'emit',
    (emit) =>
      function (this: unknown, ...args) {
        if (socket.ignored) return emit.apply(this, args);
        const [event, data, detail] = args;
        if (event === 'message') socket.received(data, detail === true);
        // Looked at again: the message may just have shown that this is no carrier's socket, or which call it is.
        const within = socket.context;
        const result = context.with(within, () => emit.apply(this, args));
        if (event === 'message') socket.handled();
        else if (event === 'close') socket.closed(data);
        return result;
      },
  );
  wrapOnce(
    ws,
    'send',
    (send) =>
      function (this: unknown, ...args) {
        if (!socket.ignored) socket.sent(args[0]);
        return send.apply(this, args);
      },
  );
  watchClosing(ws, () => socket.closing());
  return socket;
}
