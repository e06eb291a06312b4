import { createRequire } from 'node:module';
import type { SupportedSdk } from '../kit/sdk.ts';

const file = createRequire(import.meta.url);

export const sdks = [
  {
    packageName: 'ollama',
    supportedVersions: ['>=0.5.0 <1'],
    uses: { 'language models': '' },
    byHand: { instrumentOllama: 'Ollama' },
    load: () => (file('./ollama.js') as typeof import('./ollama.ts')).patchOllama,
  },
] as const satisfies readonly SupportedSdk[];
