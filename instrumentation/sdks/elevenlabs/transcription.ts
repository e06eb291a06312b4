import { context } from '@opentelemetry/api';
import { nowMs } from '../../clock.ts';
import { guard } from '../../spans.ts';
import { base64Bytes } from '../shared/base64.ts';
import { at, type Foreign, foreign, type Method, text, wrapOnce } from '../shared/patch.ts';
import { ScribeConnection } from './scribe.ts';

/** `client.speechToText.realtime`: live transcription. */
export function traceSpeechToText(resource: unknown): void {
  const realtime = foreign(at(resource, 'realtime'));
  if (realtime) wrapOnce(Object.getPrototypeOf(realtime), 'connect', tracedConnect);
}

function tracedConnect(connect: Method): Method {
  return function (this: unknown, ...args) {
    const active = context.active();
    const connecting = connect.apply(this, args);
    if (!(connecting instanceof Promise)) return connecting;
    // The connection comes before it stands: nothing has been missed.
    return connecting.then((connection: unknown) => {
      guard('following a transcription', () =>
        follow(connection, new ScribeConnection(foreign(args[0]) ?? {}, active)),
      );
      return connection;
    });
  };
}

function follow(connection: unknown, scribe: ScribeConnection): void {
  wrapOnce(
    connection,
    'send',
    (send) =>
      function (this: unknown, ...args) {
        const result = send.apply(this, args);
        sent(scribe, foreign(args[0]));
        return result;
      },
  );
  wrapOnce(
    connection,
    'commit',
    (commit) =>
      function (this: unknown, ...args) {
        guard('following a commit', () => scribe.commits(nowMs()));
        return commit.apply(this, args);
      },
  );
  // All that comes passes here, and we look first: a request that the application makes in its handler finds the turn.
  wrapOnce(
    at(connection, 'eventEmitter'),
    'emit',
    (emit) =>
      function (this: unknown, ...args) {
        const [name, message] = args;
        guard('reading a transcript', () => {
          // Without a code the event says nothing of how it was closed.
          if (name === 'close') scribe.closed(at(connection, 'websocket', '_closeCode'));
          else scribe.event(name, foreign(message), nowMs());
        });
        return context.with(scribe.context, () => emit.apply(this, args));
      },
  );
}

/** On the audio path: no allocation. */
function sent(scribe: ScribeConnection, chunk: Foreign | undefined): void {
  scribe.sent(base64Bytes(text(chunk?.audioBase64) ?? ''), nowMs());
  if (chunk?.commit === true) scribe.commits(nowMs());
}
