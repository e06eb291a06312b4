import type { SupportedSdk } from '../kit/sdk.ts';

export const sdks = [
  {
    packageName: '@gladiaio/sdk',
    modules: [],
    supportedVersions: [],
    wireVersions: ['>=0.5.2 <3'],
    uses: { 'speech-to-text': 'Solaria' },
    byHand: {},
    load: () => () => {},
  },
] as const satisfies readonly SupportedSdk[];
