import { createRequire } from 'node:module';
import { pick } from '../kit/patch.ts';
import type { SupportedSdk } from '../kit/sdk.ts';

const file = createRequire(import.meta.url);
const REALTIME_CLIENTS = ['OpenAIRealtimeWS', 'OpenAIRealtimeWebSocket'];

/** `require` names a module below a package by its file, `import` as it was written. */
const REALTIME_MODULES = [
  'realtime/ws',
  'realtime/websocket',
  'beta/realtime/ws',
  'beta/realtime/websocket',
].flatMap((path) => [`openai/${path}`, `openai/${path}.js`]);

export const sdks = [
  {
    packageName: 'openai',
    modules: ['openai', ...REALTIME_MODULES],
    supportedVersions: ['>=4.87.1 <8'],
    wireVersions: ['>=4.0.0 <4.87.1'],
    uses: {
      'speech to speech': 'Realtime',
      'speech-to-text': '',
      'language models': 'chat, responses; services that speak its protocol; Azure',
      'text-to-speech': '',
    },
    byHand: { instrumentOpenAI: 'OpenAI', instrumentOpenAIRealtime: 'OpenAIRealtimeWS' },
    load: (moduleExports) =>
      REALTIME_CLIENTS.some((name) => pick(moduleExports, name))
        ? (file('./realtime.js') as typeof import('./realtime.ts')).patchOpenAiRealtime
        : (file('./openai.js') as typeof import('./openai.ts')).patchOpenAi,
  },
  {
    packageName: '@openai/agents-realtime',
    supportedVersions: ['>=0.8.0 <1'],
    uses: { 'speech to speech': '' },
    byHand: { instrumentRealtimeSession: 'RealtimeSession' },
    load: () => (file('./agents-realtime.js') as typeof import('./agents-realtime.ts')).patchAgentsRealtime,
  },
] as const satisfies readonly SupportedSdk[];
