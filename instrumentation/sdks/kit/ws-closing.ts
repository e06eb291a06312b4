import { at, wrapOnce } from './patch.ts';

/** Calls `closing` when the application closes a socket of `ws`, and not when the socket answers the other side's close. */
export function watchClosing(ws: unknown, closing: () => void): void {
  for (const name of ['close', 'terminate'])
    wrapOnce(
      ws,
      name,
      (close) =>
        function (this: unknown, ...args) {
          if (at(this, '_closeFrameReceived') !== true) closing();
          return close.apply(this, args);
        },
    );
}
