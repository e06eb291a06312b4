import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startCartesiaSimulator } from '../../demo/simulators/cartesia.ts';
import { startChatSimulator } from '../../demo/simulators/chat.ts';
import { startDeepgramSimulator } from '../../demo/simulators/deepgram.ts';
import type { ChatScript } from '../../demo/simulators/receptionist.ts';
import { type Hostility, startHostileServer } from './hostile-server.ts';
import { packageRoot } from './root.ts';
import { startAnthropicSimulator } from './simulators/anthropic.ts';
import { startAssemblyAiSimulator } from './simulators/assemblyai.ts';
import { startCartesiaListenSimulator } from './simulators/cartesia-listen.ts';
import { startDeepgramAgentSimulator } from './simulators/deepgram-agent.ts';
import { startFluxSimulator } from './simulators/deepgram-flux.ts';
import { startRecordingsSimulator } from './simulators/deepgram-recordings.ts';
import { startDeepgramSpeakSimulator } from './simulators/deepgram-speak.ts';
import { startElevenLabsSimulator } from './simulators/elevenlabs.ts';
import { startGeminiSimulator } from './simulators/gemini.ts';
import { startGeminiLiveSimulator } from './simulators/gemini-live.ts';
import { startAudioSimulator } from './simulators/openai-audio.ts';
import { startRealtimeSimulator } from './simulators/openai-realtime.ts';
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

/** Work that the program does, one kind after the other, before its next round. */
export interface Round {
  readonly kinds: readonly Kind[];
  /** Of each kind at once, over one client. (Default: 1.) */
  readonly calls?: number;
  /** Whether it instruments each SDK itself. (Default: no.) */
  readonly byHand?: boolean;
  /** Where the services are. (Default: as the environment says.) */
  readonly simulators?: Readonly<Record<string, string>>;
}

/** The id of the call of a kind, and of Twilio's its own. @param number Counts the calls of a kind in a process, from 0. */
export const callIdOf = (kind: Kind, number = 0): string =>
  kind === 'twilio' ? `CA${number + 1}` : `${kind} ${number}`;

/** Everything that test/fixtures/programs/every-sdk.mjs speaks to. */
export interface EverySdkWorld {
  /** Its environment. */
  readonly env: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

/** The same, and beside it services that answer with errors. */
export interface HostileWorld extends EverySdkWorld {
  /** Where the services are that do it in one way. */
  readonly hostile: Readonly<Record<Hostility, Readonly<Record<string, string>>>>;
}

/** Starts a simulator of every service. @param secret What the models answer with, and ask tools with. */
export async function startEverySdkWorld(secret: string): Promise<EverySdkWorld> {
  const script: ChatScript = (messages, tools) =>
    tools.length > 0 && messages.at(-1)?.role !== 'tool'
      ? { kind: 'tool_call', name: 'book_table', arguments: { name: secret, phone: secret } }
      : { kind: 'text', text: `Of course, ${secret}.` };
  const fast = { script, firstTokenMs: [5, 10], tokensPerSecond: [900, 1_000] } as const;
  // Audio that comes piece by piece comes too late on a busy machine: a caller would hear it as two playbacks.
  const spoken = { script, thinkingMs: [10, 20], pace: Infinity } as const;
  const speech = { firstByteMs: [5, 10], speed: [60, 70] } as const;
  const [realtime, realtimePlain, assemblyai, cartesiaTls, live, audio] = await Promise.all([
    startRealtimeSimulator(spoken),
    startRealtimeSimulator({ ...spoken, tls: false }),
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
    agent: await startDeepgramAgentSimulator({ answer: () => [`Of course, ${secret}.`], speed: Infinity }),
    cartesia: await startCartesiaSimulator(speech),
    cartesiaListen: await startCartesiaListenSimulator(),
    elevenlabs: await startElevenLabsSimulator(speech),
  };
  const trusted = await trustTogether(realtime.caPath, assemblyai.caPath, cartesiaTls.caPath);
  return {
    env: environment(
      secret,
      trusted.path,
      Object.fromEntries(Object.entries(simulators).map(([name, { url }]) => [name, url])),
    ),
    close: async () => {
      await Promise.all(Object.values(simulators).map((simulator) => simulator.close()));
      await trusted.remove();
    },
  };
}

const environment = (secret: string, trusted: string, simulators: Readonly<Record<string, string>>) => ({
  SECRET: secret,
  SPEECH: join(packageRoot, 'demo/speech/hours-question.ulaw'),
  NODE_EXTRA_CA_CERTS: trusted,
  SIMULATORS: JSON.stringify(simulators),
  // The exporters' own ten seconds pass on a busy machine, and are told.
  OTEL_EXPORTER_OTLP_TIMEOUT: '60000',
  OTEL_BSP_EXPORT_TIMEOUT: '60000',
  OTEL_METRIC_EXPORT_TIMEOUT: '60000',
});

/** One file of several certificates: `NODE_EXTRA_CA_CERTS` takes one. */
async function trustTogether(...caPaths: readonly (string | undefined)[]) {
  const folder = await mkdtemp(join(tmpdir(), 'earshot-cas-'));
  const path = join(folder, 'cas.pem');
  const certificates = caPaths.map(async (caPath) => (caPath ? await readFile(caPath, 'utf8') : ''));
  await writeFile(path, (await Promise.all(certificates)).join(''));
  return { path, remove: () => rm(folder, { recursive: true, force: true }) };
}

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

/** The same world, and beside it one in which every service answers with errors, in each of the ways. */
export async function startHostileWorld(secret: string): Promise<HostileWorld> {
  const [world, refuses, reports, closes] = await Promise.all([
    startEverySdkWorld(secret),
    startHostileServices(secret, 'refuses'),
    startHostileServices(secret, 'reports'),
    startHostileServices(secret, 'closes'),
  ]);
  const trusted = await trustTogether(
    world.env.NODE_EXTRA_CA_CERTS,
    refuses.caPath,
    reports.caPath,
    closes.caPath,
  );
  return {
    hostile: { refuses: refuses.urls, reports: reports.urls, closes: closes.urls },
    env: { ...world.env, NODE_EXTRA_CA_CERTS: trusted.path },
    close: async () => {
      await Promise.all([world.close(), refuses.close(), reports.close(), closes.close()]);
      await trusted.remove();
    },
  };
}

async function startHostileServices(secret: string, how: Hostility) {
  const plain = await startHostileServer(secret, how);
  const tls = await startHostileServer(secret, how, { tls: true });
  return {
    caPath: tls.caPath,
    urls: Object.fromEntries([
      ...PLAIN.map((name): [string, string] => [name, plain.url]),
      ...TLS.map((name): [string, string] => [name, tls.url]),
    ]),
    close: () => Promise.all([plain.close(), tls.close()]),
  };
}
