import { createRequire } from 'node:module';
import type { SupportedSdk } from '../kit/sdk.ts';

const file = createRequire(import.meta.url);

export const sdks = [
  {
    packageName: 'ai',
    supportedVersions: ['>=7.0.0 <8'],
    wireVersions: ['>=5.0.0 <7'],
    uses: { frameworks: 'Vercel AI SDK 7' },
    byHand: { instrumentAI: { takes: 'nothing: ai has a hook', exportsOf: () => ({}) } },
    load: () => (file('./ai.js') as typeof import('./ai.ts')).patchAi,
  },
] as const satisfies readonly SupportedSdk[];
