import { createRequire } from 'node:module';
import { at, classOf } from '../kit/patch.ts';
import type { SupportedSdk } from '../kit/sdk.ts';

const file = createRequire(import.meta.url);

export const sdks = [
  {
    packageName: '@google/genai',
    supportedVersions: ['>=2.0.0 <4'],
    uses: { 'speech to speech': 'Live', 'language models': '' },
    byHand: {
      instrumentGoogleGenAI: {
        takes: 'a GoogleGenAI of @google/genai',
        exportsOf: (client) => ({
          Models: classOf(at(client, 'models')),
          Live: classOf(at(client, 'live')),
        }),
      },
    },
    load: () => (file('./genai.js') as typeof import('./genai.ts')).patchGenai,
  },
  {
    packageName: '@google/generative-ai',
    modules: [],
    supportedVersions: [],
    wireVersions: ['>=0.1.0 <1'],
    uses: { 'language models': '' },
    byHand: {},
    load: () => () => {},
  },
] as const satisfies readonly SupportedSdk[];
