import { context } from '@opentelemetry/api';
import { nowMs } from '../../call/clock.ts';
import { followsRequests } from '../../call/open-stage.ts';
import { guard } from '../../call/spans.ts';
import { byteLength } from '../kit/live/sockets.ts';
import { at, foreign, type Method, pick, wrapOnce } from '../kit/patch.ts';
import { followDuplex } from './duplex.ts';
import { GoogleRecogniser } from './recogniser.ts';

/** `@google-cloud/speech`: `streamingRecognize` of the first version of the API. */
export function patchGoogleSpeech(moduleExports: unknown): void {
  guard('patching @google-cloud/speech', () => {
    const clients = ['v1', 'v1p1beta1'].map((version) => at(pick(moduleExports, version), 'SpeechClient'));
    for (const client of [...clients, pick(moduleExports, 'SpeechClient')])
      wrapOnce(at(client, 'prototype'), 'streamingRecognize', tracedRecognize);
  });
}

const tracedRecognize = (recognize: Method): Method =>
  function (this: unknown, ...args) {
    const recogniser = followsRequests()
      ? guard('following a transcription', () => new GoogleRecogniser(foreign(args[0]) ?? {}))
      : undefined;
    if (!recogniser) return recognize.apply(this, args);
    const stream = context.with(recogniser.context, () => recognize.apply(this, args));
    guard('following a transcription', () => {
      recogniser.opened();
      followDuplex(stream, {
        get context() {
          return recogniser.context;
        },
        wrote: (audio) => recogniser.sent(byteLength(audio), nowMs()),
        came: (response) => recogniser.message(response, nowMs()),
        ended: () => recogniser.closed(undefined),
        failed: (error) => recogniser.closed(error),
        closed: () => recogniser.closed(undefined),
      });
    });
    return stream;
  };
