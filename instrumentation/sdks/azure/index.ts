import type { SupportedSdk } from '../kit/sdk.ts';

export const sdks = [
  {
    packageName: 'microsoft-cognitiveservices-speech-sdk',
    modules: [],
    supportedVersions: [],
    wireVersions: ['>=1.40.0 <2'],
    uses: { 'speech-to-text': '', 'text-to-speech': '' },
    byHand: {},
    load: () => () => {},
  },
] as const satisfies readonly SupportedSdk[];
