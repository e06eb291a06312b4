import { guard } from '../../call/spans.ts';
import { at, pick, wrapGetter } from '../kit/patch.ts';
import { traceTextToDialogue, traceTextToSpeech } from './speech.ts';
import { traceSpeechToText } from './transcription.ts';

/** `@elevenlabs/elevenlabs-js` 2: synthesis over HTTP, and realtime transcription. Of `elevenlabs`, its predecessor, the former. */
export function patchElevenLabs(moduleExports: unknown): void {
  guard('patching @elevenlabs/elevenlabs-js', () => {
    const client = at(pick(moduleExports, 'ElevenLabsClient'), 'prototype');
    // The classes behind the client are not exported: they are found through what its getters give.
    seeResource(client, 'textToSpeech', traceTextToSpeech);
    seeResource(client, 'textToDialogue', traceTextToDialogue);
    seeResource(client, 'speechToText', traceSpeechToText);
  });
}

function seeResource(client: unknown, name: string, trace: (resource: unknown) => void): void {
  wrapGetter(client, name, (resource) => guard('patching @elevenlabs/elevenlabs-js', () => trace(resource)));
}
