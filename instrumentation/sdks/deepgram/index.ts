import { createRequire } from 'node:module';
import type { SupportedSdk } from '../kit/sdk.ts';

const file = createRequire(import.meta.url);

export const sdks = [
  {
    packageName: '@deepgram/sdk',
    supportedVersions: ['>=5.0.0 <6'],
    wireVersions: ['>=3.0.0 <5'],
    uses: { 'speech to speech': 'voice agent', 'speech-to-text': 'Nova, Flux', 'text-to-speech': 'Aura' },
    byHand: { instrumentDeepgram: 'DeepgramClient' },
    load: () => (file('./deepgram.js') as typeof import('./deepgram.ts')).patchDeepgram,
  },
] as const satisfies readonly SupportedSdk[];
