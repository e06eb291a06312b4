import { context } from '@opentelemetry/api';
import { guard } from '../../call/spans.ts';
import { parseJson } from '../kit/json.ts';
import { lookFirst } from '../kit/live/sockets.ts';
import { at, foreign, type Method, pick, text, wrapOnce } from '../kit/patch.ts';
import { ElevenLabsSocket } from './socket.ts';

/**
 * ElevenLabs' synthesis sockets, on the client side of `ws` 8: its SDK has none, and applications open them themselves.
 * They are known by their path, wherever they lead, as a proxy has the same. Other sockets are left alone.
 */
export function patchElevenLabsSockets(moduleExports: unknown): void {
  guard('patching ws', () =>
    // Every connection passes here once, when it stands, of clients and of servers.
    wrapOnce(at(pick(moduleExports, 'WebSocket'), 'prototype'), 'setSocket', tracedSocket),
  );
}

const PATH = /\/v1\/text-to-speech\/[^/]+\/(?:multi-)?stream-input$/;

function tracedSocket(setSocket: Method): Method {
  return function (this: unknown, ...args) {
    if (at(this, '_isServer') !== true) guard('following a socket', () => follow(this));
    return setSocket.apply(this, args);
  };
}

function follow(ws: unknown): void {
  const address = text(foreign(ws)?.url);
  if (!address?.includes('stream-input')) return;
  const url = new URL(address);
  if (!PATH.test(url.pathname)) return;
  const socket = new ElevenLabsSocket(url, context.active());
  lookFirst(ws, 'send', (message) => socket.sent(parseJson(String(message))));
  // `emit` and not each listener: it covers listeners added by anyone, whenever, and we look first.
  wrapOnce(
    ws,
    'emit',
    (emit) =>
      function (this: unknown, ...args) {
        const [event, data] = args;
        if (event === 'message') guard('reading a synthesis', () => socket.received(data));
        const result = context.with(socket.context, () => emit.apply(this, args));
        if (event === 'close') guard('ending a synthesis', () => socket.closed(data));
        return result;
      },
  );
  for (const name of ['close', 'terminate'])
    wrapOnce(
      ws,
      name,
      (close) =>
        function (this: unknown, ...args) {
          // It closes itself in answer to the server.
          if (at(this, '_closeFrameReceived') !== true) guard('ending a synthesis', () => socket.closing());
          return close.apply(this, args);
        },
    );
}
