import { context } from '@opentelemetry/api';
import { openStage } from '../../../instrumentation/open-stage.ts';
import { at, foreign, type Method, pick, text, wrapOnce } from '../../../instrumentation/sdks/patch.ts';
import type { SdkInstrumentation } from '../../../instrumentation/sdks/sdk.ts';
import { tapReadable } from '../../../instrumentation/sdks/streams.ts';
import { guard } from '../../../instrumentation/spans.ts';

/** `@acme/speech` 2: `new AcmeSpeech().speak({ voice, text })` gives a stream of 16 kHz, 16-bit audio. */
export const acmeSpeech: SdkInstrumentation = {
  packageName: '@acme/speech',
  supportedVersions: ['>=2.0.0 <3'],
  patch: (moduleExports) => {
    guard('patching @acme/speech', () =>
      wrapOnce(at(pick(moduleExports, 'AcmeSpeech'), 'prototype'), 'speak', tracedSpeak),
    );
  },
};

const BYTES_PER_SECOND = 16_000 * 2;

function tracedSpeak(speak: Method): Method {
  return async function (this: unknown, ...args) {
    const request = foreign(args[0]);
    const characters = text(request?.text)?.length ?? 0;
    const stage = openStage('tts', { provider: 'acme', model: text(request?.voice) });
    try {
      const audio = await context.with(stage.context, () => speak.apply(this, args));
      let bytes = 0;
      const result = () => ({ usage: { characters, audioSeconds: bytes / BYTES_PER_SECOND } });
      return tapReadable(audio as ReadableStream<Uint8Array>, {
        see: (chunk) => {
          bytes += chunk.byteLength;
          stage.firstByte();
        },
        end: () => stage.end(result()),
        cancel: () => stage.cancel(result()),
        fail: (error) => stage.fail(error, result()),
      });
    } catch (error) {
      stage.fail(error);
      throw error;
    }
  };
}
