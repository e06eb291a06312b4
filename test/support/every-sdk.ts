import { join } from 'node:path';
import { type Hostility, startHostileServer } from './hostile-server.ts';
import { packageRoot } from './root.ts';
import { startAnthropicSimulator } from './simulators/anthropic.ts';
import { startAssemblyAiSimulator } from './simulators/assemblyai.ts';
import { startCartesiaSimulator } from './simulators/cartesia.ts';
import { startCartesiaListenSimulator } from './simulators/cartesia-listen.ts';
import { startChatSimulator } from './simulators/chat.ts';
import { startDeepgramSimulator } from './simulators/deepgram.ts';
import { startDeepgramAgentSimulator } from './simulators/deepgram-agent.ts';
import { startFluxSimulator } from './simulators/deepgram-flux.ts';
import { startRecordingsSimulator } from './simulators/deepgram-recordings.ts';
import { startDeepgramSpeakSimulator } from './simulators/deepgram-speak.ts';
import { startElevenLabsSimulator } from './simulators/elevenlabs.ts';
import { startGeminiSimulator } from './simulators/gemini.ts';
import { startGeminiLiveSimulator } from './simulators/gemini-live.ts';
import { startAudioSimulator } from './simulators/openai-audio.ts';
import { startRealtimeSimulator } from './simulators/openai-realtime.ts';
import type { ChatScript } from './simulators/receptionist.ts';
import { startResponsesSimulator } from './simulators/responses.ts';

/** The kinds of work of test/fixtures/programs/every-sdk.mjs, and the package that each is done with. */
export const KINDS = {
  'groq chat': 'groq-sdk',
  'groq audio': 'groq-sdk',
  'openai chat': 'openai',
  'openai audio': 'openai',
  'openai responses': 'openai',
  'openai realtime': 'openai',
  'agents realtime': '@openai/agents-realtime',
  'deepgram listen': '@deepgram/sdk',
  'deepgram flux': '@deepgram/sdk',
  'deepgram recording': '@deepgram/sdk',
  'deepgram speak': '@deepgram/sdk',
  'deepgram speak socket': '@deepgram/sdk',
  'deepgram agent': '@deepgram/sdk',
  'cartesia speech': '@cartesia/cartesia-js',
  'cartesia speech socket': '@cartesia/cartesia-js',
  'cartesia listen': '@cartesia/cartesia-js',
  'elevenlabs speech': '@elevenlabs/elevenlabs-js',
  'elevenlabs listen': '@elevenlabs/elevenlabs-js',
  'elevenlabs socket': 'ws',
  anthropic: '@anthropic-ai/sdk',
  assemblyai: 'assemblyai',
  ai: 'ai',
  genai: '@google/genai',
  'genai live': '@google/genai',
  twilio: 'ws',
} as const;
export type Kind = keyof typeof KINDS;
/** The kinds by name. */
export const KIND_NAMES = Object.keys(KINDS) as Kind[];
/** Those that keep a connection open. */
export const CONNECTED_KINDS: readonly Kind[] = KIND_NAMES.filter((kind) =>
  /realtime|listen|flux|socket|agent|assemblyai|live/.test(kind),
);

/** Those that one process can do: each of the others has a certificate of its own to trust. */
export const GROUPS: readonly (readonly Kind[])[] = (() => {
  const trusting: readonly Kind[] = ['openai realtime', 'cartesia speech socket', 'assemblyai'];
  return [KIND_NAMES.filter((kind) => !trusting.includes(kind)), ...trusting.map((kind) => [kind])];
})();

/** The id of the call of a kind, and of Twilio's its own. */
export const callIdOf = (kind: Kind, number = 0): string =>
  kind === 'twilio' ? `CA${number + 1}` : `${kind} ${number}`;

/** Everything that test/fixtures/programs/every-sdk.mjs speaks to. */
export interface EverySdkWorld {
  /** Its environment. */
  env(kind: Kind): Record<string, string>;
  close(): Promise<void>;
}

/** Starts a simulator of every service. @param secret What the models answer with, and ask tools with. */
export async function startEverySdkWorld(secret: string): Promise<EverySdkWorld> {
  const script: ChatScript = (messages, tools) =>
    tools.length > 0 && messages.at(-1)?.role !== 'tool'
      ? { kind: 'tool_call', name: 'book_table', arguments: { name: secret, phone: secret } }
      : { kind: 'text', text: `Of course, ${secret}.` };
  const fast = { script, firstTokenMs: [5, 10], tokensPerSecond: [900, 1_000] } as const;
  const speech = { firstByteMs: [5, 10], speed: [60, 70] } as const;
  const [realtime, realtimePlain, assemblyai, cartesiaTls, live, audio] = await Promise.all([
    startRealtimeSimulator({ script, thinkingMs: [10, 20] }),
    startRealtimeSimulator({ script, thinkingMs: [10, 20], tls: false }),
    startAssemblyAiSimulator(),
    startCartesiaSimulator({ ...speech, tls: true }),
    startGeminiLiveSimulator(),
    startAudioSimulator(),
  ]);
  audio.transcript = `I am ${secret}.`;
  live.behave({ heard: [`I am ${secret}.`], answers: [{ text: secret, seconds: 0.2 }], voiceActivity: true });
  const simulators = {
    realtime,
    realtimePlain,
    assemblyai,
    cartesiaTls,
    live,
    audio,
    anthropic: await startAnthropicSimulator(fast),
    chat: await startChatSimulator(fast),
    responses: await startResponsesSimulator(),
    gemini: await startGeminiSimulator(fast),
    deepgram: await startDeepgramSimulator(),
    flux: await startFluxSimulator(),
    recordings: await startRecordingsSimulator(),
    speak: await startDeepgramSpeakSimulator(),
    agent: await startDeepgramAgentSimulator({ answer: () => [`Of course, ${secret}.`] }),
    cartesia: await startCartesiaSimulator(speech),
    cartesiaListen: await startCartesiaListenSimulator(),
    elevenlabs: await startElevenLabsSimulator(speech),
  };
  const certificates: Partial<Record<Kind, string | undefined>> = {
    'openai realtime': realtime.caPath,
    'cartesia speech socket': cartesiaTls.caPath,
    assemblyai: assemblyai.caPath,
  };
  return {
    env: (kind) => ({
      SECRET: secret,
      SPEECH,
      NODE_EXTRA_CA_CERTS: certificates[kind] ?? '',
      SIMULATORS: JSON.stringify(
        Object.fromEntries(Object.entries(simulators).map(([name, { url }]) => [name, url])),
      ),
    }),
    close: async () => {
      await Promise.all(Object.values(simulators).map((simulator) => simulator.close()));
    },
  };
}

const SPEECH = join(packageRoot, 'test/fixtures/speech/hours-question.ulaw');
const TLS = ['realtime', 'assemblyai', 'cartesiaTls'];
const PLAIN = [
  'realtimePlain',
  'live',
  'audio',
  'anthropic',
  'chat',
  'responses',
  'gemini',
  'deepgram',
  'flux',
  'recordings',
  'speak',
  'agent',
  'cartesia',
  'cartesiaListen',
  'elevenlabs',
];

/** The same world, in which every service answers with errors. */
export async function startHostileWorld(secret: string, how: Hostility): Promise<EverySdkWorld> {
  const plain = await startHostileServer(secret, how);
  const tls = await startHostileServer(secret, how, { tls: true });
  const urls = {
    ...Object.fromEntries(PLAIN.map((name) => [name, plain.url])),
    ...Object.fromEntries(TLS.map((name) => [name, tls.url])),
  };
  return {
    env: () => ({
      SECRET: secret,
      SPEECH,
      NODE_EXTRA_CA_CERTS: tls.caPath ?? '',
      SIMULATORS: JSON.stringify(urls),
    }),
    close: async () => {
      await Promise.all([plain.close(), tls.close()]);
    },
  };
}
