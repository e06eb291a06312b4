import { createRequire } from 'node:module';
import type { SupportedSdk } from '../kit/sdk.ts';

const file = createRequire(import.meta.url);

export const sdks = [
  {
    packageName: 'hume',
    supportedVersions: ['>=0.13.3 <1'],
    uses: { 'text-to-speech': 'Octave' },
    byHand: { instrumentHume: 'HumeClient' },
    load: () => (file('./hume.js') as typeof import('./hume.ts')).patchHume,
  },
] as const satisfies readonly SupportedSdk[];
