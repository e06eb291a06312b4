import type { Context } from '@opentelemetry/api';
import type { ProviderName } from '../../../../model/providers.ts';

/** Who follows one raw socket: a provider's protocol, as both sides speak it. Instants are milliseconds since 1970. */
export interface RawConnection {
  /** Where the application's handlers run. */
  readonly context: Context;
  /** The connection stands. */
  opened(): void;
  /** The application sends text, as a string, or bytes: a buffer, a view of one, or a `Blob`. */
  sent(data: unknown, atMs: number): void;
  /** Text came, as a string, or bytes. Told before the application's handlers run. */
  received(data: unknown, atMs: number): void;
  /** The application closes it. */
  closing?(): void;
  /** The connection is gone, with this WebSocket code; 1000 where the application has closed it, whatever came back. */
  closed(code: unknown): void;
}

/** A socket that was opened. */
export interface OpenedSocket {
  readonly url: URL;
  /** Who answers there. */
  readonly provider: string;
  /** The context that it was opened in. */
  readonly opened: Context;
}

/** Follows a socket that has just been opened. */
export type FollowRaw = (socket: OpenedSocket) => RawConnection;

/** A provider's streaming protocol: how its sockets are known, and who follows them. */
export interface SocketProtocol {
  /** The folder that reads it: who leaves alone its SDKs leaves alone its sockets. */
  readonly folder: string;
  /** In words: `Deepgram listen v1`. */
  readonly name: string;
  /** Who speaks it; the first where nothing tells. */
  readonly providers: readonly [ProviderName, ...ProviderName[]];
  /** Of the path that it is spoken at. A proxy may have something before it. */
  readonly path: RegExp;
  /** No other service has this path: the host does not matter. (Default: false.) */
  readonly anywhere?: boolean;
  /** Its path says too little: behind a proxy the provider has to be named. (Default: false.) */
  readonly onlyThere?: boolean;
  /** Text frames that came are taken as they are, and not as strings. (Default: false.) */
  readonly takesBytes?: boolean;
  /** An SDK says that a socket is its own with the first message only. (Default: false.) */
  readonly claimedLate?: boolean;
  /** Loads the file that follows one, when the first is opened: not before. */
  load(): FollowRaw;
}
