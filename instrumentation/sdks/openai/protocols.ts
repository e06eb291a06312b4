import { createRequire } from 'node:module';
import type { SocketProtocol } from '../kit/raw/protocol.ts';

const file = createRequire(import.meta.url);
const raw = () => file('./raw.js') as typeof import('./raw.ts');

export const protocols: readonly SocketProtocol[] = [
  {
    name: 'OpenAI Realtime',
    folder: 'openai',
    providers: ['openai', 'azure.ai.openai'],
    path: /\/(?:v1|openai|openai\/v1)\/realtime$/,
    claimedLate: true,
    load: () => raw().followRealtime,
  },
];
