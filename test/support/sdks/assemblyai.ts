import { createRequire } from 'node:module';
import { after, before } from 'node:test';
import type { StreamingTranscriber, StreamingTranscriberParams } from 'assemblyai';
import * as namespace from 'assemblyai';
import * as streaming from 'assemblyai/streaming';
import * as oldest from 'assemblyai-oldest';
import type { Call } from '../../../instrumentation/call/call.ts';
import { instrumentAssemblyAI } from '../../../instrumentation/instrument.ts';
import { patchAssemblyAi } from '../../../instrumentation/sdks/assemblyai/assemblyai.ts';
import type { Fact } from '../../../model/facts.ts';
import { type AssemblyAiSimulator, startAssemblyAiSimulator } from '../simulators/assemblyai.ts';
import { recordSpans, takeFacts } from '../spans.ts';
import { trust } from '../trust.ts';

type Params = Partial<StreamingTranscriberParams>;
type Make = (params: StreamingTranscriberParams) => StreamingTranscriber;

const require = createRequire(import.meta.url);
const commonJs = require('assemblyai') as typeof namespace;
const commonJsStreaming = require('assemblyai/streaming') as typeof streaming;
const oldestCommonJs = require('assemblyai-oldest') as typeof oldest;
const client = new oldestCommonJs.AssemblyAI({ apiKey: 'key' });
const MODULES = [namespace, commonJs, streaming, commonJsStreaming, oldest];
/** What lets an application make a transcriber. */
export const BUILDS: readonly { readonly name: string; readonly make: Make }[] = [
  { name: 'assemblyai from ESM', make: (params) => new namespace.StreamingTranscriber(params) },
  { name: 'assemblyai from CommonJS', make: (params) => new commonJs.StreamingTranscriber(params) },
  { name: 'assemblyai/streaming from ESM', make: (params) => new streaming.StreamingTranscriber(params) },
  {
    name: 'assemblyai/streaming from CommonJS',
    make: (params) => new commonJsStreaming.StreamingTranscriber(params),
  },
  {
    name: 'the oldest assemblyai from ESM',
    make: (params) => new oldest.StreamingTranscriber(params as never) as never,
  },
  {
    name: 'a client of the oldest assemblyai from CommonJS',
    make: (params) => client.streaming.transcriber(params as never) as never,
  },
];

export let simulator: AssemblyAiSimulator;
/** Serves the streaming API, and patches every build of the SDK. */
export function serveAssemblyAi(): void {
  before(async () => {
    recordSpans();
    for (const module of MODULES) patchAssemblyAi(module);
    instrumentAssemblyAI(client);
    simulator = await startAssemblyAiSimulator();
    trust(simulator.caPath);
  });
  after(() => simulator.close());
}

/** A transcriber of 16-bit audio at 8 kHz that tries once. */
export const transcriber = (make: Make, params: Params = {}): StreamingTranscriber =>
  make({
    apiKey: 'key',
    websocketBaseUrl: simulator.wsUrl,
    sampleRate: 8_000,
    speechModel: 'universal-streaming-english',
    maxConnectionRetries: 0,
    // Its own second is short for a busy machine.
    connectTimeout: 60_000,
    ...params,
  });

/** What the simulator reported of the sessions that ended in good order, in seconds. */
export const billed = (): number[] =>
  simulator.truth.flatMap((event) =>
    event.kind === 'sent' && event.message.type === 'Termination'
      ? [event.message.session_duration_seconds]
      : [],
  );

export const factsOf = ({ id }: Call): Fact[] => takeFacts().filter(({ callId }) => callId === id);
