import type { SupportedSdk } from '../kit/sdk.ts';

export const sdks = [
  {
    packageName: '@openrouter/sdk',
    modules: [],
    supportedVersions: [],
    wireVersions: ['>=0.1.0 <2'],
    uses: { 'language models': '' },
    byHand: {},
    load: () => () => {},
  },
] as const satisfies readonly SupportedSdk[];
