import { createRequire } from 'node:module';
import type { SocketProtocol } from '../kit/raw/protocol.ts';

const file = createRequire(import.meta.url);
const raw = () => file('./raw.js') as typeof import('./raw.ts');

export const protocols: readonly SocketProtocol[] = [
  {
    name: 'AssemblyAI streaming v3',
    folder: 'assemblyai',
    providers: ['assemblyai'],
    path: /\/v3\/ws$/,
    load: () => raw().followStreaming,
  },
];
