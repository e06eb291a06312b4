import { createRequire } from 'node:module';
import type { SupportedSdk } from '../kit/sdk.ts';

const file = createRequire(import.meta.url);

export const sdks = [
  {
    packageName: '@google-cloud/speech',
    supportedVersions: ['>=6.4.0 <9'],
    uses: { 'speech-to-text': '' },
    byHand: { instrumentGoogleSpeech: 'SpeechClient' },
    load: () => (file('./speech.js') as typeof import('./speech.ts')).patchGoogleSpeech,
  },
  {
    packageName: '@google-cloud/text-to-speech',
    supportedVersions: ['>=5.5.0 <8'],
    uses: { 'text-to-speech': '' },
    byHand: { instrumentGoogleTextToSpeech: 'TextToSpeechClient' },
    load: () => (file('./text-to-speech.js') as typeof import('./text-to-speech.ts')).patchGoogleTextToSpeech,
  },
] as const satisfies readonly SupportedSdk[];
