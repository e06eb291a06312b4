import { createRequire } from 'node:module';
import type { SupportedSdk } from '../kit/sdk.ts';

const file = createRequire(import.meta.url);

export const sdks = [
  {
    packageName: 'cohere-ai',
    supportedVersions: ['>=8.0.0 <9'],
    uses: { 'language models': '' },
    byHand: { instrumentCohere: 'CohereClient' },
    load: () => (file('./cohere.js') as typeof import('./cohere.ts')).patchCohere,
  },
] as const satisfies readonly SupportedSdk[];
