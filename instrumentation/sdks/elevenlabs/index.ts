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
    packageName: 'ws',
    supportedVersions: ['>=8.0.0 <9'],
    uses: { 'text-to-speech': 'ElevenLabs `stream-input`' },
    byHand: { instrumentElevenLabsSockets: 'WebSocket' },
    load: () => (file('./stream-input.js') as typeof import('./stream-input.ts')).patchElevenLabsSockets,
  },
] as const satisfies readonly SupportedSdk[];
