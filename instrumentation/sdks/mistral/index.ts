import type { SupportedSdk } from '../kit/sdk.ts';

export const sdks = [
  {
    packageName: '@mistralai/mistralai',
    modules: [],
    supportedVersions: [],
    wireVersions: ['>=1.0.3 <3'],
    uses: { 'language models': '' },
    byHand: {},
    load: () => () => {},
  },
] as const satisfies readonly SupportedSdk[];
