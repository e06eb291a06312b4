import { createRequire } from 'node:module';
import type { SocketProtocol } from '../kit/raw/protocol.ts';

const file = createRequire(import.meta.url);
const follow = () => (file('./raw.js') as typeof import('./raw.ts')).FOLLOW;
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
    load: () => follow().streamInput,
  },
  {
    name: 'ElevenLabs Scribe',
    folder,
    providers,
    path: /\/v1\/speech-to-text\/realtime$/,
    load: () => follow().scribe,
  },
];
