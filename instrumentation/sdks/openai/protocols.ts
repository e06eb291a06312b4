import { createRequire } from 'node:module';
import type { SocketProtocol } from '../kit/raw/protocol.ts';

const file = createRequire(import.meta.url);
const follow = () => (file('./raw.js') as typeof import('./raw.ts')).FOLLOW;

export const protocols: readonly SocketProtocol[] = [
  {
    name: 'OpenAI Realtime',
    folder: 'openai',
    providers: ['openai', 'azure.ai.openai'],
    path: /\/(?:v1|openai|openai\/v1)\/realtime$/,
    claimedLate: true,
    load: () => follow().realtime,
  },
];
