import { createRequire } from 'node:module';
import type { SocketProtocol } from '../kit/raw/protocol.ts';

const file = createRequire(import.meta.url);
const follow = () => (file('./raw.js') as typeof import('./raw.ts')).FOLLOW;

export const protocols: readonly SocketProtocol[] = [
  {
    name: 'AssemblyAI streaming v3',
    folder: 'assemblyai',
    providers: ['assemblyai'],
    path: /\/v3\/ws$/,
    load: () => follow().streaming,
  },
];
