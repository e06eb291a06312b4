import { type Context, context } from '@opentelemetry/api';
import { followsRequests } from '../open-stage.ts';
import { guard } from '../spans.ts';
import { tapApiPromise } from './api-promise.ts';
import { CartesiaSocket } from './cartesia-socket.ts';
import { CartesiaSynthesis } from './cartesia-synthesis.ts';
import { at, foreign, type Method, pick, wrapOnce } from './patch.ts';
import { type SdkStream, tapResponse, tapStream } from './streams.ts';

/** `@cartesia/cartesia-js` 4: synthesis as bytes, as server-sent events, and over its WebSocket. */
export function patchCartesia(moduleExports: unknown): void {
  guard('patching @cartesia/cartesia-js', () => {
    const prototype = at(pick(moduleExports, 'Cartesia'), 'TTS', 'prototype');
    wrapOnce(prototype, 'generate', tracedRequest);
    wrapOnce(prototype, 'generateSSE', tracedRequest);
    wrapOnce(prototype, 'websocket', tracedSocket);
  });
}

function tracedRequest(generate: Method): Method {
  return function (this: unknown, ...args) {
    const synthesis = followsRequests()
      ? guard('following a synthesis', () => CartesiaSynthesis.start(foreign(args[0]) ?? {}))
      : undefined;
    if (!synthesis) return generate.apply(this, args);
    let promise: unknown;
    try {
      promise = context.with(synthesis.stage.context, () => generate.apply(this, args));
    } catch (error) {
      synthesis.fail(error);
      throw error;
    }
    const bytes = {
      see: (chunk: Uint8Array) => synthesis.audio(chunk.byteLength),
      end: () => synthesis.end(),
      cancel: () => synthesis.cancel(),
      fail: (error: unknown) => synthesis.fail(error),
    };
    const tapped = guard('following a synthesis', () =>
      tapApiPromise(promise, {
        parsed: (result) => {
          if (result instanceof Response) tapResponse(result, bytes);
          else if (foreign(result)?.iterator)
            tapStream(result as SdkStream<unknown>, { ...bytes, see: (event) => synthesis.event(event) });
          else synthesis.end();
          return result;
        },
        raw: (response) => void tapResponse(response, bytes),
        failed: (error) => synthesis.fail(error),
      }),
    );
    return tapped ?? promise;
  };
}

function tracedSocket(websocket: Method): Method {
  return function (this: unknown, ...args) {
    const opened: Context = context.active();
    const connecting = websocket.apply(this, args);
    if (!(connecting instanceof Promise)) return connecting;
    return connecting.then((socket: unknown) => {
      guard('following a Cartesia socket', () => follow(socket, opened));
      return socket;
    });
  };
}

function follow(socket: unknown, opened: Context): void {
  const contexts = new CartesiaSocket(opened);
  wrapOnce(
    socket,
    'send',
    (send) =>
      function (this: unknown, ...args) {
        guard('following a synthesis', () => contexts.sent(foreign(args[0])));
        return send.apply(this, args);
      },
  );
  // All that comes passes here, before the application's listeners. No listener of ours: on `error` one would change
  // what an error does.
  wrapOnce(
    socket,
    '_emit',
    (emit) =>
      function (this: unknown, ...args) {
        const message = foreign(args[1]);
        const within = contexts.contextOf(message);
        if (args[0] === 'event') guard('reading a Cartesia event', () => contexts.received(message));
        return context.with(within, () => emit.apply(this, args));
      },
  );
  const watchClose = (): void => {
    const inner = at(socket, 'socket') as { addEventListener?: Method } | undefined;
    inner?.addEventListener?.('close', (event: unknown) =>
      guard('ending Cartesia contexts', () => contexts.closed(at(event, 'code'))),
    );
  };
  watchClose();
  // It opens a new connection by itself when it is used after a close.
  wrapOnce(
    socket,
    '_initSocket',
    (init) =>
      function (this: unknown, ...args) {
        const result = init.apply(this, args);
        guard('following a Cartesia socket', watchClose);
        return result;
      },
  );
}
