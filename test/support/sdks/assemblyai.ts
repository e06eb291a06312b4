import { createRequire } from 'node:module';
import { after, before } from 'node:test';
import type { StreamingTranscriber, StreamingTranscriberParams } from 'assemblyai';
import * as namespace from 'assemblyai';
import * as streaming from 'assemblyai/streaming';
import * as oldest from 'assemblyai-oldest';
import type { Call } from '../../../instrumentation/call/call.ts';
import { nowUs } from '../../../instrumentation/call/clock.ts';
import { instrumentAssemblyAI } from '../../../instrumentation/instrument.ts';
import { patchAssemblyAi } from '../../../instrumentation/sdks/assemblyai/assemblyai.ts';
import type { Fact } from '../../../model/facts.ts';
import { FRAME_BYTES } from '../audio.ts';
import { type AssemblyAiSimulator, startAssemblyAiSimulator } from '../simulators/assemblyai.ts';
import { recordSpans, takeFacts } from '../spans.ts';
import { utterance } from '../speech.ts';
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
export const SPOKEN = utterance('hours-question');
/** What stands for a frame of 20 ms. */
const FRAME_MS = 20;

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

interface Spoken {
  /** When the first byte was spoken. */
  readonly startUs: number;
  /** By how much the latest frame was late: what it carried was, for a listener, spoken so much later. */
  readonly lateUs: number;
}

/** Gives audio to `send` at the pace of speech, in frames of 20 ms, until that says `false`. */
export async function speak<Audio extends Int16Array | Uint8Array>(
  audio: Audio,
  send: (frame: Audio) => unknown,
): Promise<Spoken> {
  const startMs = performance.now();
  const startUs = nowUs();
  let lateUs = 0;
  for (let i = 0; i * FRAME_BYTES < audio.length; i++) {
    // The frame is sent when the last of it has been spoken.
    const dueMs = startMs + (i + 1) * FRAME_MS;
    await new Promise((resolve) => setTimeout(resolve, dueMs - performance.now()));
    lateUs = Math.max(lateUs, (performance.now() - dueMs) * 1_000);
    if (send(audio.slice(i * FRAME_BYTES, (i + 1) * FRAME_BYTES) as Audio) === false) break;
  }
  return { startUs, lateUs };
}

export const silence = (seconds: number): Int16Array => new Int16Array(seconds * 8_000);
export const to =
  (session: StreamingTranscriber) =>
  (frame: { buffer: ArrayBufferLike }): void =>
    session.sendAudio(frame.buffer);
/** The same for a session that breaks: says whether it was sent. */
export const untilClosed =
  (session: StreamingTranscriber) =>
  (frame: { buffer: ArrayBufferLike }): boolean => {
    try {
      session.sendAudio(frame.buffer);
      return true;
    } catch {
      return false;
    }
  };
/** Sends what was said, and the silence that ends the turn. */
export async function say(session: StreamingTranscriber): Promise<Spoken> {
  const spoken = await speak(SPOKEN.samples, to(session));
  await speak(silence(0.6), to(session));
  return spoken;
}

/** What the simulator reported of the sessions that ended in good order, in seconds. */
export const billed = (): number[] =>
  simulator.truth.flatMap((event) =>
    event.kind === 'sent' && event.message.type === 'Termination'
      ? [event.message.session_duration_seconds]
      : [],
  );

export const factsOf = ({ id }: Call): Fact[] => takeFacts().filter(({ callId }) => callId === id);
