import { createRequire } from 'node:module';
import type { SupportedSdk } from '../kit/sdk.ts';

const file = createRequire(import.meta.url);

export const sdks = [
  {
    packageName: '@cerebras/cerebras_cloud_sdk',
    supportedVersions: ['>=1.3.0 <2'],
    uses: { 'language models': '' },
    byHand: { instrumentCerebras: 'Cerebras' },
    load: () => (file('./cerebras.js') as typeof import('./cerebras.ts')).patchCerebras,
  },
] as const satisfies readonly SupportedSdk[];
