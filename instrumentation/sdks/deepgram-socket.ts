import { type Context, context } from '@opentelemetry/api';
import { nowMs } from '../clock.ts';
import { guard } from '../spans.ts';
import { at, foreign, type Method, wrapOnce } from './patch.ts';

/** Who follows one socket of the SDK. Instants are milliseconds since 1970. */
export interface SocketFollower {
  /** Where the application's handlers run. */
  readonly context: Context;
  /** The connection stands, or stands again. */
  opened(): void;
  /** A message came: text, or audio as an `ArrayBuffer` or a `Blob`. On the audio path: no allocation for audio. */
  message(data: unknown, atMs: number): void;
  /** The connection is gone; for good, when it is `final`. 1000: as somebody wished. */
  closed(how: { final: boolean; code?: unknown }): void;
}

/** What is told of what the application sends, by the name of the socket's method. Must not throw. */
export type Sends = Readonly<Record<string, (sent: unknown) => void>>;

/** What the socket that `connect` gives has inside: it reconnects, and calls every listener through one method. */
interface InnerSocket {
  addEventListener(type: string, listener: (event: unknown) => void): void;
  readonly readyState?: unknown;
  readonly _shouldReconnect?: unknown;
}

const CLOSED = 3;

/** Shows `follower` all that happens on a socket. */
export function followSocket(socket: unknown, follower: SocketFollower, sends: Sends): void {
  const inner = at(socket, 'socket') as InnerSocket | undefined;
  if (!inner || typeof inner.addEventListener !== 'function') return;
  for (const [name, told] of Object.entries(sends)) wrapOnce(socket, name, (send) => telling(send, told));
  // Every listener is called through here, ours or the application's: we look first, so that a request that the
  // application makes in its handler finds the turn that the message opened.
  let last: unknown;
  const look = (): void => see(last, inner, follower);
  wrapOnce(
    inner,
    '_callEventListener',
    (call) =>
      function (this: unknown, event, listener) {
        if (event !== last) {
          last = event;
          guard('reading a Deepgram event', look);
        }
        return context.with(follower.context, call, this, event, listener);
      },
  );
  // The SDK takes its own listener off when the application closes: without one, the end would not be seen.
  inner.addEventListener('close', () => {});
  wrapOnce(
    socket,
    'connect',
    (connect) =>
      function (this: unknown, ...args) {
        return context.with(follower.context, () => connect.apply(this, args));
      },
  );
  wrapOnce(
    socket,
    'close',
    (close) =>
      function (this: unknown, ...args) {
        const result = close.apply(this, args);
        // A transport of the application's own is closed without an event.
        if (inner.readyState === CLOSED)
          guard('ending a Deepgram connection', () => follower.closed({ final: true, code: 1000 }));
        return result;
      },
  );
}

/** What could not be sent is not told. */
const telling = (send: Method, told: (sent: unknown) => void): Method =>
  function (this: unknown, ...args) {
    const result = send.apply(this, args);
    told(args[0]);
    return result;
  };

function see(event: unknown, inner: InnerSocket, follower: SocketFollower): void {
  const { type, data, code } = foreign(event) ?? {};
  if (type === 'message') follower.message(data, nowMs());
  else if (type === 'open') follower.opened();
  else if (type === 'close') follower.closed({ final: inner._shouldReconnect !== true, code });
}
