import { type Context, context } from '@opentelemetry/api';
import { nowMs } from '../clock.ts';
import { guard } from '../spans.ts';
import { ListenConnection } from './deepgram-listen.ts';
import { at, type Foreign, foreign, type Method, pick, wrapGetter, wrapOnce } from './patch.ts';

/** `@deepgram/sdk` 5: live listen v1. */
export function patchDeepgram(moduleExports: unknown): void {
  guard('patching @deepgram/sdk', () =>
    // The classes behind `client.listen.v1` are not exported: they are found through what the getters give.
    wrapGetter(at(pick(moduleExports, 'DeepgramClient'), 'prototype'), 'listen', (listen) =>
      guard('patching @deepgram/sdk', () => {
        const v1 = foreign(at(listen, 'v1'));
        if (v1) wrapOnce(Object.getPrototypeOf(v1), 'connect', tracedConnect);
      }),
    ),
  );
}

function tracedConnect(connect: Method): Method {
  return function (this: unknown, ...args) {
    const active = context.active();
    const connecting = connect.apply(this, args);
    if (!(connecting instanceof Promise)) return connecting;
    return connecting.then((socket: unknown) => {
      guard('following a Deepgram connection', () => follow(socket, foreign(args[0]) ?? {}, active));
      return socket;
    });
  };
}

/** What the socket that `connect` gives has inside: it reconnects, and calls every listener through one method. */
interface InnerSocket {
  addEventListener(type: string, listener: (event: unknown) => void): void;
  readonly _shouldReconnect?: unknown;
}

function follow(socket: unknown, args: Foreign, active: Context): void {
  const inner = at(socket, 'socket') as InnerSocket | undefined;
  if (!inner || typeof inner.addEventListener !== 'function') return;
  const connection = new ListenConnection(args, active);
  wrapOnce(
    socket,
    'sendMedia',
    (send) =>
      function (this: unknown, ...frame) {
        const result = send.apply(this, frame);
        connection.sent(byteLength(frame[0]), nowMs());
        return result;
      },
  );
  const see = (event: unknown): void => {
    const { type, data } = foreign(event) ?? {};
    if (type === 'message') connection.message(data, nowMs());
    else if (type === 'open') connection.opened();
    else if (type === 'close') connection.closed({ final: inner._shouldReconnect !== true });
  };
  // Every listener is called through here, ours or the application's: we look first, so that a request that the
  // application makes in its handler finds the turn that the message opened.
  let last: unknown;
  wrapOnce(
    inner,
    '_callEventListener',
    (call) =>
      function (this: unknown, ...args) {
        if (args[0] !== last) {
          last = args[0];
          guard('reading a Deepgram event', () => see(last));
        }
        return context.with(connection.context, () => call.apply(this, args));
      },
  );
  // The SDK takes its own listener off when the application closes: without one, the end would not be seen.
  inner.addEventListener('close', () => {});
  wrapOnce(
    socket,
    'connect',
    (connect) =>
      function (this: unknown, ...args) {
        return context.with(connection.context, () => connect.apply(this, args));
      },
  );
}

function byteLength(frame: unknown): number {
  const { byteLength, size } = (frame ?? {}) as { byteLength?: unknown; size?: unknown };
  if (typeof byteLength === 'number') return byteLength;
  return typeof size === 'number' ? size : 0;
}
