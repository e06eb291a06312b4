import { type Context, context } from '@opentelemetry/api';
import { guard } from '../../call/spans.ts';
import { lookFirst, tracedConnect } from '../kit/live/sockets.ts';
import { at, type Foreign, foreign, type Method, pick, wrapOnce } from '../kit/patch.ts';
import { owningSockets } from '../kit/raw/ownership.ts';
import { tracedRequest } from '../kit/requests/sdk-request.ts';
import { CartesiaSocket } from './socket.ts';
import { CartesiaSynthesis } from './synthesis.ts';
import { patchCartesiaTranscription } from './transcription.ts';

/** `@cartesia/cartesia-js` 4: synthesis as bytes, as server-sent events, and over its WebSocket; transcription. */
export function patchCartesia(moduleExports: unknown): void {
  guard('patching @cartesia/cartesia-js', () => {
    const cartesia = pick(moduleExports, 'Cartesia');
    const prototype = at(cartesia, 'TTS', 'prototype');
    const traced = tracedRequest('cartesia', (body, _tts, adoption) =>
      CartesiaSynthesis.start(body, adoption),
    );
    wrapOnce(prototype, 'generate', traced);
    wrapOnce(prototype, 'generateSSE', traced);
    wrapOnce(prototype, 'websocket', tracedConnect(follow, 'cartesia'));
    patchCartesiaTranscription(cartesia);
  });
}

function follow(socket: unknown, _: Foreign, opened: Context): void {
  const contexts = new CartesiaSocket(opened);
  lookFirst(socket, 'send', (message) => contexts.sent(foreign(message)));
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
        const result = owningSockets('cartesia')(init).apply(this, args);
        guard('following a Cartesia socket', watchClose);
        return result;
      },
  );
}
