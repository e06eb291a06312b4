import { type Context, context } from '@opentelemetry/api';
import { nowMs } from '../../../call/clock.ts';
import { guard } from '../../../call/spans.ts';
import { isOwned } from './ownership.ts';
import type { RawConnection } from './protocol.ts';

/** How a socket is followed. */
interface Following {
  readonly claimedLate: boolean;
  /** Begins to follow it, in the context that it was opened in. */
  readonly connect: () => RawConnection;
}

const READING = 'reading a socket';

/**
 * One socket that speaks a provider's protocol: shows its connection what happens on it, whatever kind of WebSocket it is.
 * What an SDK's own file follows is left to that.
 */
export class FollowedSocket {
  readonly #socket: object;
  readonly #opened: Context;
  readonly #how: Following;
  #connection: RawConnection | undefined;
  #undecided = true;
  #closing = false;

  constructor(socket: object, how: Following, opened: Context = context.active()) {
    this.#socket = socket;
    this.#how = how;
    this.#opened = opened;
  }

  /** An event of the socket. We look first; the application's handlers, which `deliver` calls, run where it belongs. */
  event(type: unknown, value: unknown, deliver: () => unknown): unknown {
    if (type === 'message') return this.#message(value, deliver);
    if (type === 'open' && !this.#how.claimedLate) this.#decide();
    const result = this.#within(deliver);
    if (type === 'close' && this.#connection) {
      const connection = this.#connection;
      guard(READING, () => connection.closed(this.#closing ? 1000 : value));
    }
    return result;
  }

  /** The application has sent something, text as a string. On the audio path. */
  sent(data: unknown): void {
    if (this.#undecided) this.#decide();
    const connection = this.#connection;
    if (connection) guard('reading what was sent', () => connection.sent(data, nowMs()));
  }

  /** The application closes it. */
  closing(): void {
    this.#closing = true;
    const connection = this.#connection;
    if (connection?.closing) guard(READING, () => connection.closing?.());
  }

  #message(data: unknown, deliver: () => unknown): unknown {
    const atMs = nowMs();
    if (!this.#undecided) {
      this.#received(data, atMs);
      return this.#within(deliver);
    }
    // An SDK's file hears of its socket by this message.
    const result = deliver();
    this.#decide();
    this.#received(data, atMs);
    return result;
  }

  #received(data: unknown, atMs: number): void {
    const connection = this.#connection;
    if (connection) guard(READING, () => connection.received(data, atMs));
  }

  #within(deliver: () => unknown): unknown {
    return this.#connection ? context.with(this.#connection.context, deliver) : deliver();
  }

  #decide(): void {
    if (!this.#undecided) return;
    this.#undecided = false;
    if (isOwned(this.#socket)) return;
    this.#connection = guard('following a socket', () =>
      context.with(this.#opened, () => {
        const connection = this.#how.connect();
        connection.opened();
        return connection;
      }),
    );
  }
}
