import { createRequire } from 'node:module';
import type { SocketProtocol } from '../kit/raw/protocol.ts';

const file = createRequire(import.meta.url);
const follow = () => (file('./raw.js') as typeof import('./raw.ts')).FOLLOW;

export const protocols: readonly SocketProtocol[] = [
  {
    name: 'Gladia live v2',
    folder: 'gladia',
    providers: ['gladia'],
    path: /\/v2\/live$/,
    onlyThere: true,
    load: () => follow().live,
  },
];
