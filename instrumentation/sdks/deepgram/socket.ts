import { type Context, context } from '@opentelemetry/api';
import { nowMs } from '../../call/clock.ts';
import { guard } from '../../call/spans.ts';
import { closeError, refusalError } from '../kit/live/sockets.ts';
import { at, foreign, type Method, wrapOnce } from '../kit/patch.ts';
import { owningSockets } from '../kit/raw/ownership.ts';

/** Who follows one socket of the SDK. Instants are milliseconds since 1970. */
export interface SocketFollower {
  /** Where the application's handlers run. */
  readonly context: Context;
  /** The connection stands, or stands again. */
  opened(): void;
  /** A message came: text, or audio as an `ArrayBuffer` or a `Blob`. On the audio path: no allocation for audio. */
  message(data: unknown, atMs: number): void;
  /** The connection is gone; for good, when it is `final`. `error`: the class of what it broke by, or of why it never stood. */
  closed(how: { final: boolean; error?: string | undefined }): void;
}

/** Called with what the application sends, by the name of the socket's method. Must not throw. */
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
  const connection = new FollowedConnection(inner, follower);
  for (const [name, told] of Object.entries(sends)) wrapOnce(socket, name, (send) => telling(send, told));
  // Every listener is called through here, ours or the application's: we look first, so that a request that the
  // application makes in its handler finds the turn that the message opened.
  let last: unknown;
  const look = (): void => connection.see(last);
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
  // Each time it opens a socket, be it by itself.
  wrapOnce(inner, '_connect', owningSockets('deepgram'));
  wrapOnce(
    socket,
    'connect',
    (connect) =>
      function (this: unknown, ...args) {
        connection.connecting();
        return context.with(follower.context, () => connect.apply(this, args));
      },
  );
  wrapOnce(
    socket,
    'close',
    (close) =>
      function (this: unknown, ...args) {
        connection.closing();
        const result = close.apply(this, args);
        guard('ending a Deepgram connection', () => connection.closed());
        return result;
      },
  );
}

/** Where a connection stands: what an event says depends on it. */
class FollowedConnection {
  readonly #inner: InnerSocket;
  readonly #follower: SocketFollower;
  #state: 'connecting' | 'open' | 'gone' = 'gone';
  /** The application closes it: its outcome is not an error. */
  #closing = false;

  constructor(inner: InnerSocket, follower: SocketFollower) {
    this.#inner = inner;
    this.#follower = follower;
  }

  connecting(): void {
    this.#state = 'connecting';
    this.#closing = false;
  }

  closing(): void {
    this.#closing = true;
  }

  /** The application has closed it. A transport of its own is closed without an event. */
  closed(): void {
    if (this.#inner.readyState === CLOSED) this.#gone(undefined);
  }

  see(event: unknown): void {
    const { type, data, code, error } = foreign(event) ?? {};
    if (type === 'message') this.#follower.message(data, nowMs());
    else if (type === 'open') {
      this.#state = 'open';
      this.#follower.opened();
    } else if (type === 'close') {
      // A connection that is refused is closed first, as if the application had asked for it, and then says why.
      if (this.#state === 'open') this.#gone(closeError(code));
      else if (this.#closing) this.#gone(undefined);
    } else if (type === 'error' && this.#state !== 'gone') this.#gone(refusalError(error));
  }

  #gone(error: string | undefined): void {
    this.#state = 'gone';
    const final = this.#inner._shouldReconnect !== true;
    this.#follower.closed({ final, error: this.#closing ? undefined : error });
  }
}

/** What could not be sent is not told. */
const telling = (send: Method, told: (sent: unknown) => void): Method =>
  function (this: unknown, ...args) {
    const result = send.apply(this, args);
    told(args[0]);
    return result;
  };
