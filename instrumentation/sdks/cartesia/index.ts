import { createRequire } from 'node:module';
import type { SupportedSdk } from '../kit/sdk.ts';

const file = createRequire(import.meta.url);

export const sdks = [
  {
    packageName: '@cartesia/cartesia-js',
    supportedVersions: ['>=4.0.0 <5'],
    uses: { 'speech-to-text': 'Ink', 'text-to-speech': 'Sonic' },
    byHand: { instrumentCartesia: 'Cartesia' },
    load: () => (file('./cartesia.js') as typeof import('./cartesia.ts')).patchCartesia,
  },
] as const satisfies readonly SupportedSdk[];
