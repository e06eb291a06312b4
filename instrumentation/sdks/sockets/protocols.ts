import { createRequire } from 'node:module';
import { protocols as assemblyai } from '../assemblyai/protocols.ts';
import { protocols as azure } from '../azure/protocols.ts';
import { protocols as cartesia } from '../cartesia/protocols.ts';
import { protocols as deepgram } from '../deepgram/protocols.ts';
import { protocols as elevenlabs } from '../elevenlabs/protocols.ts';
import { protocols as genai } from '../genai/protocols.ts';
import { protocols as gladia } from '../gladia/protocols.ts';
import type { SocketProtocol } from '../kit/raw/protocol.ts';
import { protocols as openai } from '../openai/protocols.ts';

const file = createRequire(import.meta.url);
const follow = () => (file('./raw.js') as typeof import('./raw.ts')).FOLLOW;

/** Of services of which no SDK is known. */
const others: readonly SocketProtocol[] = [
  {
    name: 'Rime ws3',
    folder: 'rime',
    providers: ['rime'],
    path: /\/ws3$/,
    load: () => follow().rime,
  },
  {
    name: 'Soniox STT',
    folder: 'soniox',
    providers: ['soniox'],
    path: /\/transcribe-websocket$/,
    load: () => follow().soniox,
  },
  {
    name: 'Speechmatics real-time',
    folder: 'speechmatics',
    providers: ['speechmatics'],
    path: /\/v2(?:\/[a-z-]+)?\/?$/,
    onlyThere: true,
    load: () => follow().speechmatics,
  },
];

/** The protocols that raw sockets are known to speak. */
export const PROTOCOLS: readonly SocketProtocol[] = [
  ...assemblyai,
  ...azure,
  ...cartesia,
  ...deepgram,
  ...elevenlabs,
  ...genai,
  ...gladia,
  ...openai,
  ...others,
];
