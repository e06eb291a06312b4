import { type Context, context } from '@opentelemetry/api';
import { nowMs } from '../../call/clock.ts';
import { followsRequests } from '../../call/open-stage.ts';
import { guard } from '../../call/spans.ts';
import { byteLength, lookFirst } from '../kit/live/sockets.ts';
import { at, foreign, type Method, pick, wrapOnce } from '../kit/patch.ts';
import { owningSockets } from '../kit/raw/ownership.ts';
import { StreamingSession } from './streaming.ts';

/**
 * `assemblyai` 4: its `StreamingTranscriber`; or, for a bundled application that has only a client, the factory behind
 * `client.streaming`, whose transcribers show their class when they are made.
 */
export function patchAssemblyAi(moduleExports: unknown): void {
  guard('patching assemblyai', () => {
    patchTranscriber(pick(moduleExports, 'StreamingTranscriber'));
    const factory = pick(moduleExports, 'StreamingTranscriberFactory');
    wrapOnce(at(factory, 'prototype'), 'transcriber', tracedTranscriber);
  });
}

function tracedTranscriber(transcriber: Method): Method {
  return function (this: unknown, ...args) {
    const made = transcriber.apply(this, args);
    guard('patching assemblyai', () => patchTranscriber(at(made, 'constructor')));
    return made;
  };
}

function patchTranscriber(transcriber: unknown): void {
  const prototype = at(transcriber, 'prototype');
  // It tries again by itself, with a socket each time. Older versions try once, in `connect` itself, and never settle
  // when that fails.
  if (typeof at(prototype, 'connectOnce') === 'function')
    wrapOnce(prototype, 'connectOnce', tracedConnect(true));
  else wrapOnce(prototype, 'connect', tracedConnect(false));
}

const tracedConnect =
  (rejects: boolean) =>
  (connect: Method): Method =>
    function (this: unknown, ...args) {
      if (!followsRequests()) return connect.apply(this, args);
      const active = context.active();
      const before = at(this, 'socket');
      const connecting = owningSockets('assemblyai')(connect).apply(this, args);
      // It throws inside the promise when it is connected already.
      if (at(this, 'socket') !== before)
        guard('following an AssemblyAI connection', () => follow(this, connecting, active, rejects));
      return connecting;
    };

/**
 * Every event of the socket passes its `emit`, before the SDK's own handlers and also after the SDK has taken them off,
 * which it does before the end. So a request that the application makes in its handler finds the turn that the message
 * opened.
 */
function follow(transcriber: unknown, connecting: unknown, active: Context, rejects: boolean): void {
  const socket = at(transcriber, 'socket');
  const session = new StreamingSession(foreign(at(transcriber, 'params')) ?? {}, active);
  const see = (event: unknown, data: unknown): void => {
    if (event === 'message') session.message(data, nowMs());
    // How an attempt failed is told by its promise, better than by the socket that was then thrown away.
    else if (event === 'close' && (session.begun || !rejects)) session.closed(data);
  };
  lookFirst(socket, 'emit', see, () => session.context);
  wrapOnce(
    socket,
    'send',
    (send) =>
      function (this: unknown, ...frame) {
        const result = send.apply(this, frame);
        if (typeof frame[0] !== 'string') session.sent(byteLength(frame[0]), nowMs());
        return result;
      },
  );
  if (rejects && connecting instanceof Promise)
    connecting.then(undefined, (error: unknown) =>
      guard('following an AssemblyAI connection', () => session.refused(error)),
    );
}
