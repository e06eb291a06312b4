import { protocols as assemblyai } from '../assemblyai/protocols.ts';
import { protocols as cartesia } from '../cartesia/protocols.ts';
import { protocols as deepgram } from '../deepgram/protocols.ts';
import { protocols as elevenlabs } from '../elevenlabs/protocols.ts';
import { protocols as genai } from '../genai/protocols.ts';
import type { SocketProtocol } from '../kit/raw/protocol.ts';
import { protocols as openai } from '../openai/protocols.ts';

/** The protocols that raw sockets are known to speak. */
export const PROTOCOLS: readonly SocketProtocol[] = [
  ...assemblyai,
  ...cartesia,
  ...deepgram,
  ...elevenlabs,
  ...genai,
  ...openai,
];
