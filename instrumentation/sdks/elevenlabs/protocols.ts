import { createRequire } from 'node:module';
import type { SocketProtocol } from '../kit/raw/protocol.ts';

const file = createRequire(import.meta.url);
const raw = () => file('./raw.js') as typeof import('./raw.ts');
const folder = 'elevenlabs';
const providers = ['elevenlabs'] as const;

export const protocols: readonly SocketProtocol[] = [
  {
    name: 'ElevenLabs stream-input',
    folder,
    providers,
    path: /\/v1\/text-to-speech\/[^/]+\/(?:multi-)?stream-input$/,
    anywhere: true,
    takesBytes: true,
    load: () => raw().followStreamInput,
  },
  {
    name: 'ElevenLabs Scribe',
    folder,
    providers,
    path: /\/v1\/speech-to-text\/realtime$/,
    load: () => raw().followScribe,
  },
];
