import { createRequire } from 'node:module';
import type { SocketProtocol } from '../kit/raw/protocol.ts';

const file = createRequire(import.meta.url);
const follow = () => (file('./raw.js') as typeof import('./raw.ts')).FOLLOW;
const folder = 'cartesia';
const providers = ['cartesia'] as const;

export const protocols: readonly SocketProtocol[] = [
  { name: 'Cartesia TTS', folder, providers, path: /\/tts\/websocket$/, load: () => follow().speech },
  {
    name: 'Cartesia STT',
    folder,
    providers,
    path: /\/stt\/(?:turns\/)?websocket$/,
    load: () => follow().transcription,
  },
];
