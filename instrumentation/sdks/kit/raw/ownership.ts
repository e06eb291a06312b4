import { type Context, context, createContextKey } from '@opentelemetry/api';
import type { ProviderName } from '../../../../model/providers.ts';
import type { Method } from '../patch.ts';

const OWNED_KEY = createContextKey('earshot.owned-sockets');
const owned = new WeakSet<object>();

/**
 * `ctx` for an SDK's code that opens a socket which the SDK's own file follows: below it, sockets of this provider are
 * not followed once more. `provider`: as its protocols name it first.
 */
export const withOwnedSockets = (ctx: Context, provider: ProviderName): Context =>
  ctx.setValue(OWNED_KEY, provider);

/** A method that opens a socket which the SDK's own file follows. */
export const owningSockets =
  (provider: ProviderName) =>
  (method: Method): Method =>
    function (this: unknown, ...args) {
      return context.with(withOwnedSockets(context.active(), provider), () => method.apply(this, args));
    };

/** Whether sockets of a provider that are opened here are an SDK's. */
export const ownsSockets = (ctx: Context, provider: ProviderName): boolean =>
  ctx.getValue(OWNED_KEY) === provider;

/** An SDK's own file follows this socket. */
export function ownSocket(socket: unknown): void {
  if (typeof socket === 'object' && socket !== null) owned.add(socket);
}

/** Whether an SDK's own file follows it. */
export const isOwned = (socket: object): boolean => owned.has(socket);
