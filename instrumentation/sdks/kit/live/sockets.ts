import { type Context, context } from '@opentelemetry/api';
import type { ProviderName } from '../../../../model/providers.ts';
import { errorType, guard } from '../../../call/spans.ts';
import { at, type Foreign, foreign, type Method, text, wrapOnce } from '../patch.ts';
import { withOwnedSockets } from '../raw/ownership.ts';

/** Follows a socket that was made with `args` in the context `opened`. It is not connected yet. */
export type FollowSocket = (socket: unknown, args: Foreign, opened: Context) => void;

/**
 * A method that promises a socket, which is followed from the moment on at which the application gets it.
 *
 * @param provider Whose sockets it opens.
 */
export const tracedConnect =
  (follow: FollowSocket, provider: ProviderName) =>
  (connect: Method): Method =>
    function (this: unknown, ...args) {
      const opened = context.active();
      const connecting = context.with(withOwnedSockets(opened, provider), () => connect.apply(this, args));
      if (!(connecting instanceof Promise)) return connecting;
      return connecting.then((socket: unknown) => {
        guard('following a socket', () => follow(socket, foreign(args[0]) ?? {}, opened));
        return socket;
      });
    };

/**
 * Shows `look` what a method is called with, before it runs. `within`: the context that it then runs in. (Default: where
 * it was called.) No listener of ours is needed: on `error` one would change what an error does.
 */
export function lookFirst(
  target: unknown,
  name: string,
  look: (...args: readonly unknown[]) => void,
  within?: () => Context,
): void {
  wrapOnce(
    target,
    name,
    (method) =>
      function (this: unknown, ...args) {
        guard(`reading ${name}`, () => look(...args));
        return within ? context.with(within(), () => method.apply(this, args)) : method.apply(this, args);
      },
  );
}

/** Bytes of a frame that an SDK is given to send: a buffer, a view of one, several of them, or a blob; 0 for anything else. */
export function byteLength(frame: unknown): number {
  if (Array.isArray(frame)) {
    let bytes = 0;
    for (let i = 0; i < frame.length; i++) bytes += byteLength(frame[i]);
    return bytes;
  }
  const measured = (frame ?? {}) as { byteLength?: unknown; size?: unknown };
  if (typeof measured.byteLength === 'number') return measured.byteLength;
  return typeof measured.size === 'number' ? measured.size : 0;
}

/** Whether a connection was closed in good order, from its close code: normally, or without one. */
export const closedCleanly = (code: unknown): boolean => code === 1000 || code === 1005;

/** The class of what a connection broke by, from its close code: a provider's own code as it is. Undefined: by nothing. */
export function closeError(code: unknown): string | undefined {
  if (closedCleanly(code)) return undefined;
  return typeof code === 'number' && code >= 3000 ? String(code) : 'connection_closed';
}

/** The class of why a connection was refused: a close code, an HTTP status, or the class of the error. */
export function refusalError(error: unknown): string {
  const code = foreign(error)?.code;
  if (typeof code === 'number') return String(code);
  // `ws` tells the status of a refused upgrade in its message only.
  const status = /^Unexpected server response: (\d{3})$/.exec(text(at(error, 'message')) ?? '')?.[1];
  return status ?? errorType(error);
}
