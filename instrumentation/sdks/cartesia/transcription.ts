import { type Context, context } from '@opentelemetry/api';
import { nowMs } from '../../call/clock.ts';
import { followsRequests } from '../../call/open-stage.ts';
import { guard } from '../../call/spans.ts';
import { byteLength, lookFirst } from '../kit/live/sockets.ts';
import { at, type Foreign, foreign, type Method, wrapOnce } from '../kit/patch.ts';
import { owningSockets } from '../kit/raw/ownership.ts';
import { tracedRequest } from '../kit/requests/sdk-request.ts';
import { transcriptionRequest } from '../kit/requests/transcription-request.ts';
import { CartesiaListenConnection } from './listen.ts';

/** Transcription of `@cartesia/cartesia-js` 4: recordings, and the sockets of `stt.autoFinalize` and `stt.manualFinalize`. */
export function patchCartesiaTranscription(cartesia: unknown): void {
  const traced = tracedRequest(
    'cartesia',
    transcriptionRequest(() => 'cartesia'),
  );
  wrapOnce(at(cartesia, 'STT', 'prototype'), 'transcribe', traced);
  for (const kind of ['AutoFinalize', 'ManualFinalize'])
    wrapOnce(at(cartesia, 'STT', kind, 'prototype'), 'websocket', tracedSocket);
}

function tracedSocket(websocket: Method): Method {
  return function (this: unknown, ...args) {
    if (!followsRequests()) return websocket.apply(this, args);
    const active = context.active();
    const socket = owningSockets('cartesia')(websocket).apply(this, args);
    guard('following a Cartesia socket', () => follow(socket, foreign(args[0]) ?? {}, active));
    return socket;
  };
}

/** What it has inside. */
interface Sockets {
  /** The connection of the moment. */
  readonly socket?: { readonly readyState: number; on(event: 'open', listener: () => void): void };
  readonly _isReconnecting?: boolean;
}

/** Of `readyState`. */
const CLOSING = 2;

function follow(socket: unknown, parameters: Foreign, active: Context): void {
  const sockets = socket as Sockets;
  if (typeof at(sockets, 'socket', 'on') !== 'function') return;
  const listening = new CartesiaListenConnection(parameters, active);
  wrapOnce(
    socket,
    'sendRaw',
    (sendRaw) =>
      function (this: unknown, ...frame) {
        // Otherwise the SDK drops it, and tells the application.
        const taken = (sockets.socket?.readyState ?? 0) < CLOSING || sockets._isReconnecting;
        const result = sendRaw.apply(this, frame);
        if (typeof frame[0] === 'string') listening.commanded(frame[0]);
        else if (taken) listening.sent(byteLength(frame[0]), nowMs());
        return result;
      },
  );
  lookFirst(socket, 'send', (command) => listening.commanded(command));
  const see = (event: unknown, value: unknown): void => {
    if (event === 'event') listening.message(value, nowMs());
    else if (event === 'error') listening.failed(value);
    else if (event === 'reconnecting') listening.lost();
    else if (event === 'reconnected') listening.opened();
    else if (event === 'close') listening.closed(value);
  };
  // All that comes passes here, before the application's listeners, its iterators included.
  lookFirst(socket, '_emit', see, () => listening.context);
  // The first opening is the only thing that it does not report.
  sockets.socket?.on('open', () => void guard('following a Cartesia socket', () => listening.opened()));
}
