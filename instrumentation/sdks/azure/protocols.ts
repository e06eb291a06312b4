import { createRequire } from 'node:module';
import type { SocketProtocol } from '../kit/raw/protocol.ts';

const file = createRequire(import.meta.url);
const follow = () => (file('./raw.js') as typeof import('./raw.ts')).FOLLOW;
const folder = 'azure';
const providers = ['azure.ai.speech'] as const;

export const protocols: readonly SocketProtocol[] = [
  {
    name: 'Azure speech recognition',
    folder,
    providers,
    path: /\/speech\/(?:universal\/v\d|recognition\/(?:interactive|conversation|dictation)\/cognitiveservices\/v\d)$/,
    load: () => follow().recognition,
  },
  {
    name: 'Azure speech synthesis',
    folder,
    providers,
    path: /\/(?:tts\/)?cognitiveservices\/websocket\/v\d$/,
    load: () => follow().synthesis,
  },
];
