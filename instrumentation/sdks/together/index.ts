import { createRequire } from 'node:module';
import type { SupportedSdk } from '../kit/sdk.ts';

const file = createRequire(import.meta.url);

export const sdks = [
  {
    packageName: 'together-ai',
    supportedVersions: ['>=0.7.0 <1'],
    uses: { 'speech-to-text': '', 'language models': '', 'text-to-speech': '' },
    byHand: { instrumentTogether: 'Together' },
    load: () => (file('./together.js') as typeof import('./together.ts')).patchTogether,
  },
] as const satisfies readonly SupportedSdk[];
