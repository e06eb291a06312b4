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
