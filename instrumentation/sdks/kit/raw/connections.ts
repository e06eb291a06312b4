import type { Context } from '@opentelemetry/api';
import { byteLength, closeError } from '../live/sockets.ts';
import type { ConnectionEnd, TranscriptionConnection } from '../live/transcription-connection.ts';
import type { RawConnection } from './protocol.ts';

/** The parameters that a socket was opened with. */
export const parameters = (url: URL): Readonly<Record<string, string>> =>
  Object.fromEntries(url.searchParams);

/** How a socket ended, which is never opened again: a further one is another connection. */
export const rawEnd = (code: unknown): ConnectionEnd => ({ final: true, error: closeError(code) });

/** A recogniser that is sent nothing but audio, and commands as text. */
export const listening = (
  connection: TranscriptionConnection,
  {
    closed,
    told,
    opened = () => connection.opened(),
  }: {
    readonly closed: (code: unknown) => void;
    /** The connection stands. (Default: the provider counts from here.) */
    readonly opened?: () => void;
    /** The application sends text. */
    readonly told?: (command: string, atMs: number) => void;
  },
): RawConnection => ({
  get context() {
    return connection.context;
  },
  opened,
  sent: (data, atMs) => {
    if (typeof data === 'string') told?.(data, atMs);
    else connection.sent(byteLength(data), atMs);
  },
  received: (data, atMs) => connection.message(data, atMs),
  closed,
});

/**
 * A connection of which only what the application sends says what it is.
 *
 * @param begin Begins to follow it, where `sent` says so.
 */
export function begunBy(opened: Context, begin: (sent: unknown) => RawConnection | undefined): RawConnection {
  let connection: RawConnection | undefined;
  return {
    get context() {
      return connection?.context ?? opened;
    },
    opened: () => {},
    sent: (data, atMs) => {
      if (connection) connection.sent(data, atMs);
      else {
        connection = begin(data);
        connection?.opened();
      }
    },
    received: (data, atMs) => connection?.received(data, atMs),
    closed: (code) => connection?.closed(code),
  };
}
