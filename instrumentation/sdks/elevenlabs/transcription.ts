import { nowMs } from '../../call/clock.ts';
import { base64Bytes } from '../kit/base64.ts';
import { type FollowSocket, lookFirst, tracedConnect } from '../kit/live/sockets.ts';
import { at, type Foreign, foreign, text, wrapOnce } from '../kit/patch.ts';
import { ScribeConnection } from './scribe.ts';

/** `client.speechToText.realtime`: live transcription. */
export function traceSpeechToText(resource: unknown): void {
  const realtime = foreign(at(resource, 'realtime'));
  if (realtime) wrapOnce(Object.getPrototypeOf(realtime), 'connect', tracedConnect(follow, 'elevenlabs'));
}

const follow: FollowSocket = (connection, options, opened) => {
  const scribe = new ScribeConnection(options, opened);
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
  lookFirst(connection, 'commit', () => scribe.commits(nowMs()));
  const see = (name: unknown, message: unknown): void => {
    // Without a code the event says nothing of how it was closed.
    if (name === 'close') scribe.closed(at(connection, 'websocket', '_closeCode'));
    else scribe.event(name, foreign(message), nowMs());
  };
  // All that comes passes here, and we look first: a request that the application makes in its handler finds the turn.
  lookFirst(at(connection, 'eventEmitter'), 'emit', see, () => scribe.context);
};

/** On the audio path: no allocation. */
function sent(scribe: ScribeConnection, chunk: Foreign | undefined): void {
  scribe.sent(base64Bytes(text(chunk?.audioBase64) ?? ''), nowMs());
  if (chunk?.commit === true) scribe.commits(nowMs());
}
