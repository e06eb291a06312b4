import { createRequire } from 'node:module';
import type { SocketProtocol } from '../kit/raw/protocol.ts';

const file = createRequire(import.meta.url);
const follow = () => (file('./raw.js') as typeof import('./raw.ts')).FOLLOW;
const folder = 'deepgram';
const providers = ['deepgram'] as const;

export const protocols: readonly SocketProtocol[] = [
  { name: 'Deepgram listen v1', folder, providers, path: /\/v1\/listen$/, load: () => follow().listen },
  { name: 'Deepgram listen v2', folder, providers, path: /\/v2\/listen$/, load: () => follow().flux },
  { name: 'Deepgram speak v1', folder, providers, path: /\/v1\/speak$/, load: () => follow().speakV1 },
  { name: 'Deepgram speak v2', folder, providers, path: /\/v2\/speak$/, load: () => follow().speakV2 },
  {
    name: 'Deepgram agent',
    folder,
    providers,
    path: /\/v1\/agent\/converse$/,
    load: () => follow().agent,
  },
];
