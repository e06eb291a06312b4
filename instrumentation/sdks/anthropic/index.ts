import { createRequire } from 'node:module';
import type { SupportedSdk } from '../kit/sdk.ts';

const file = createRequire(import.meta.url);

export const sdks = [
  {
    packageName: '@anthropic-ai/sdk',
    supportedVersions: ['>=0.50.1 <2'],
    wireVersions: ['>=0.20.0 <0.50.1'],
    uses: { 'language models': '' },
    byHand: { instrumentAnthropic: 'Anthropic' },
    load: () => (file('./anthropic.js') as typeof import('./anthropic.ts')).patchAnthropic,
  },
] as const satisfies readonly SupportedSdk[];
