import { createRequire } from 'node:module';
import type { SupportedSdk } from '../kit/sdk.ts';

const file = createRequire(import.meta.url);

export const sdks = [
  {
    packageName: 'groq-sdk',
    supportedVersions: ['>=1.0.0 <2'],
    uses: { 'speech-to-text': '', 'language models': '', 'text-to-speech': '' },
    byHand: { instrumentGroq: 'Groq' },
    load: () => (file('./groq.js') as typeof import('./groq.ts')).patchGroq,
  },
] as const satisfies readonly SupportedSdk[];
