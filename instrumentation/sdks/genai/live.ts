import { context } from '@opentelemetry/api';
import { nowMs } from '../../call/clock.ts';
import { followsRequests } from '../../call/open-stage.ts';
import { guard } from '../../call/spans.ts';
import { at, type Foreign, foreign, type Method, pick, wrapOnce } from '../kit/patch.ts';
import { withOwnedSockets } from '../kit/raw/ownership.ts';
import { GeminiConnection } from './live-connection.ts';
import { remember, resumed } from './live-resumption.ts';
import { modelOf, providerOf } from './resource.ts';

/** What the application has opened, for what it sends. */
const connections = new WeakMap<object, GeminiConnection>();

/** The Live API: `live.connect`, and what is sent through the session that it gives. */
export function patchGenaiLive(moduleExports: unknown): void {
  wrapOnce(at(pick(moduleExports, 'Live'), 'prototype'), 'connect', tracedConnect);
}

/** Listens to what the application sends. A class of the SDK's own, which a bundled application does not give away. */
function tapSession(session: object, connection: GeminiConnection): void {
  connections.set(session, connection);
  for (const name of ['sendRealtimeInput', 'sendClientContent', 'sendToolResponse'] as const)
    wrapOnce(Object.getPrototypeOf(session), name, (send) => {
      return function (this: unknown, ...args) {
        const result = send.apply(this, args);
        guard('following a live session', () =>
          connections.get(this as object)?.[name](foreign(args[0]), nowMs()),
        );
        return result;
      };
    });
}

function tracedConnect(connect: Method): Method {
  return async function (this: unknown, ...args) {
    const params = foreign(args[0]);
    const connection =
      followsRequests() && params
        ? guard('following a live session', () => connectionOf(this, params))
        : undefined;
    if (!connection || !params) return connect.apply(this, args);
    const number = connection.connecting();
    const callbacks = tapCallbacks(foreign(params.callbacks) ?? {}, connection, number);
    const session = await context.with(withOwnedSockets(connection.context, 'gcp.gemini'), () =>
      connect.call(this, { ...params, callbacks }, ...args.slice(1)),
    );
    guard('following a live session', () => {
      connection.opened(number);
      tapSession(session as object, connection);
    });
    return session;
  };
}

function connectionOf(live: unknown, params: Foreign): GeminiConnection {
  const handle = at(params, 'config', 'sessionResumption', 'handle');
  return (
    resumed(handle) ?? new GeminiConnection({ provider: providerOf(live), model: modelOf(params.model) })
  );
}

/** The application's callbacks, as they are when they are called, behind ours. */
function tapCallbacks(callbacks: Foreign, connection: GeminiConnection, number: number): Foreign {
  const pass = (name: string, args: unknown[]): unknown => {
    const callback = callbacks[name];
    if (typeof callback !== 'function') return undefined;
    return context.with(connection.context, () => callback.apply(callbacks, args));
  };
  return {
    onopen: (...args: unknown[]) => pass('onopen', args),
    onmessage: (...args: unknown[]) => {
      guard('reading a live message', () => {
        const message = foreign(args[0]);
        if (!message) return;
        if (message.setupComplete) connection.opened(number);
        remember(connection, message);
        connection.received(message, nowMs());
      });
      return pass('onmessage', args);
    },
    onerror: (...args: unknown[]) => pass('onerror', args),
    onclose: (...args: unknown[]) => {
      const result = pass('onclose', args);
      guard('ending a live session', () => connection.closed(number, at(args[0], 'code'), nowMs()));
      return result;
    },
  };
}
