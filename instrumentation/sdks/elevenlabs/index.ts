import { createRequire } from 'node:module';
import type { SupportedSdk } from '../kit/sdk.ts';

const file = createRequire(import.meta.url);

export const sdks = [
  {
    packageName: '@elevenlabs/elevenlabs-js',
    supportedVersions: ['>=2.0.0 <3'],
    uses: { 'speech-to-text': 'Scribe', 'text-to-speech': '' },
    byHand: { instrumentElevenLabs: 'ElevenLabsClient' },
    load: () => (file('./elevenlabs.js') as typeof import('./elevenlabs.ts')).patchElevenLabs,
  },
  {
    packageName: 'elevenlabs',
    supportedVersions: ['>=1.50.4 <2'],
    uses: { 'text-to-speech': '' },
    byHand: { instrumentElevenLabs: 'ElevenLabsClient' },
    load: () => (file('./elevenlabs.js') as typeof import('./elevenlabs.ts')).patchElevenLabs,
  },
] as const satisfies readonly SupportedSdk[];
