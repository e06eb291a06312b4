import { createRequire } from 'node:module';
import { at, classOf } from '../kit/patch.ts';
import type { SupportedSdk } from '../kit/sdk.ts';

const file = createRequire(import.meta.url);

export const sdks = [
  {
    packageName: 'assemblyai',
    // `assemblyai/streaming` is a build of its own; `require` shows the file that it resolves to.
    modules: ['assemblyai', 'assemblyai/streaming', 'assemblyai/dist/streaming.cjs'],
    supportedVersions: ['>=4.13.2 <5'],
    uses: { 'speech-to-text': '' },
    byHand: {
      instrumentAssemblyAI: {
        takes: 'an AssemblyAI or StreamingTranscriber of assemblyai',
        // A client does not show the class of its transcribers, only what makes them.
        exportsOf: (client) => {
          const factory = at(client, 'streaming');
          return factory === undefined
            ? { StreamingTranscriber: classOf(client) }
            : { StreamingTranscriberFactory: classOf(factory) };
        },
      },
    },
    load: () => (file('./assemblyai.js') as typeof import('./assemblyai.ts')).patchAssemblyAi,
  },
] as const satisfies readonly SupportedSdk[];
