// `@acme/speech` 2: `new AcmeSpeech().speak({ voice, text })` gives a stream of 16 kHz, 16-bit audio.
import { context } from '@opentelemetry/api';
import { at, foreign, guard, openStage, pick, tapReadable, text, wrapOnce } from 'earshot/sdk';

const BYTES_PER_SECOND = 16_000 * 2;

export function patchAcmeSpeech(moduleExports) {
  guard('patching @acme/speech', () =>
    wrapOnce(at(pick(moduleExports, 'AcmeSpeech'), 'prototype'), 'speak', tracedSpeak),
  );
}

export const acmeSpeech = {
  packageName: '@acme/speech',
  supportedVersions: ['>=2.0.0 <3'],
  patch: patchAcmeSpeech,
};

function tracedSpeak(speak) {
  return async function (...args) {
    const request = foreign(args[0]);
    const characters = text(request?.text)?.length ?? 0;
    const stage = openStage('tts', { provider: 'acme', model: text(request?.voice) });
    try {
      const audio = await context.with(stage.context, () => speak.apply(this, args));
      let bytes = 0;
      const result = () => ({ usage: { characters, audioSeconds: bytes / BYTES_PER_SECOND } });
      return tapReadable(audio, {
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
