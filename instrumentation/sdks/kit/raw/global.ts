import { guard } from '../../../call/spans.ts';
import { at, foreign, type Method, wrapOnce } from '../patch.ts';
import type { FollowSocket } from './ws.ts';

/**
 * A class of WebSockets as browsers have them, such as Node's own. All that it receives passes `dispatchEvent`, before any
 * listener.
 */
export function patchWebSocket(websocketClass: unknown, follow: FollowSocket): void {
  wrapOnce(
    at(websocketClass, 'prototype'),
    'dispatchEvent',
    (dispatch) =>
      function (this: unknown, ...args) {
        if (
          at(args[0], 'type') === 'open' &&
          guard('following a socket', () => watch(this, dispatch, follow))
        )
          return (this as EventTarget).dispatchEvent(args[0] as Event);
        return dispatch.apply(this, args);
      },
  );
}

const OPEN = 1;

function watch(target: unknown, dispatch: Method, follow: FollowSocket): boolean {
  const socket = foreign(target);
  const followed = socket && follow(socket, socket.url)?.followed;
  if (!followed) return false;
  // An own one, and not a wrapped one: the one of the class is ours already.
  own(socket, 'dispatchEvent', function (this: unknown, ...args) {
    const event = foreign(args[0]);
    const type = event?.type;
    const value = type === 'message' ? event?.data : type === 'close' ? event?.code : undefined;
    return followed.event(type, value, () => dispatch.apply(this, args));
  });
  const { send, close } = socket as { send?: Method; close?: Method };
  own(socket, 'send', function (this: unknown, ...args) {
    const sends = at(this, 'readyState') === OPEN;
    const result = send?.apply(this, args);
    if (sends) followed.sent(args[0]);
    return result;
  });
  own(socket, 'close', function (this: unknown, ...args) {
    followed.closing();
    return close?.apply(this, args);
  });
  return true;
}

const own = (socket: object, name: string, value: Method): void =>
  void Object.defineProperty(socket, name, { value, configurable: true, writable: true });

/**
 * Gives the global `WebSocket` to `patch` when the application first uses it: to look at it would load it into every
 * process. A Node without one is left alone.
 */
export function onGlobalWebSocket(patch: (websocketClass: unknown) => void): void {
  const before = Object.getOwnPropertyDescriptor(globalThis, 'WebSocket');
  if (before?.configurable !== true) return;
  const settle = (value: unknown): void =>
    void Object.defineProperty(globalThis, 'WebSocket', {
      value,
      configurable: true,
      writable: true,
      enumerable: before.enumerable ?? false,
    });
  const patched = (websocketClass: unknown): unknown => {
    guard('patching WebSocket', () => patch(websocketClass));
    return websocketClass;
  };
  if (!before.get) {
    patched(before.value);
    return;
  }
  Object.defineProperty(globalThis, 'WebSocket', {
    configurable: true,
    enumerable: before.enumerable ?? false,
    get() {
      const value = patched(before.get?.call(globalThis));
      settle(value);
      return value;
    },
    set: settle,
  });
}
