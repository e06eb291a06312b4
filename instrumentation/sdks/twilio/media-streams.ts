import { context } from '@opentelemetry/api';
import { guard } from '../../call/spans.ts';
import { at, foreign, type Method, pick, wrapOnce } from '../kit/patch.ts';
import { TwilioSocket } from './socket.ts';

/** Twilio Media Streams, on the server side of `ws` 8. Sockets that do not speak Twilio's protocol are left alone. */
export function patchTwilioMediaStreams(moduleExports: unknown): void {
  guard('patching ws', () => {
    const server = pick(moduleExports, 'WebSocketServer') ?? pick(moduleExports, 'Server');
    // Every accepted connection passes here: with a port, with an HTTP server of one's own, and with `noServer`.
    wrapOnce(at(server, 'prototype'), 'handleUpgrade', tracedUpgrade);
  });
}

function tracedUpgrade(handleUpgrade: Method): Method {
  return function (this: unknown, ...args) {
    const accepted = args[3];
    if (typeof accepted !== 'function') return handleUpgrade.apply(this, args);
    args[3] = (ws: unknown, ...more: unknown[]): unknown => {
      const socket = guard('following a socket', () => follow(ws));
      const accept = (): unknown => accepted(ws, ...more);
      return socket ? context.with(socket.context, accept) : accept();
    };
    return handleUpgrade.apply(this, args);
  };
}

function follow(ws: unknown): TwilioSocket | undefined {
  if (!foreign(ws)) return undefined;
  const socket = new TwilioSocket(context.active());
  // `emit` and not each listener: `off` keeps working, and it covers listeners added by anyone, whenever.
  wrapOnce(
    ws,
    'emit',
    (emit) =>
      function (this: unknown, ...args) {
        if (socket.ignored) return emit.apply(this, args);
        const [event, data] = args;
        if (event === 'message') socket.received(data);
        // Looked at again: the message may just have shown that this is not a Twilio socket, or which call it is.
        const within = socket.context;
        const result = context.with(within, () => emit.apply(this, args));
        if (event === 'message') socket.handled();
        else if (event === 'close') socket.closed();
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
  return socket;
}
