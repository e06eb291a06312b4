import { createRequire } from 'node:module';
import type { SocketProtocol } from '../kit/raw/protocol.ts';

const file = createRequire(import.meta.url);
const follow = () => (file('./raw.js') as typeof import('./raw.ts')).FOLLOW;

export const protocols: readonly SocketProtocol[] = [
  {
    name: 'Gemini Live',
    folder: 'genai',
    providers: ['gcp.gemini', 'gcp.vertex_ai'],
    path: /[./]BidiGenerateContent(?:Constrained)?$/,
    load: () => follow().live,
  },
];
