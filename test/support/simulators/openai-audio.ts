import type { IncomingMessage, ServerResponse } from 'node:http';
import { nowMicros } from '../../../demo/now.ts';
import { Faults } from '../../../demo/simulators/fault.ts';
import {
  delay,
  listenOnLoopback,
  recorder,
  type Simulator,
  type SimulatorOptions,
  sendJson,
  type Untimed,
} from '../../../demo/simulators/server.ts';
import { tokenize } from '../../../demo/simulators/tokens.ts';
import { synthesize } from '../../../demo/simulators/voice.ts';
import { wavHeader } from './wav.ts';

/** What happened to one request of the audio simulator. */
export type AudioTruth = { readonly atMicros: number } & (
  | { readonly kind: 'received'; readonly path: string; readonly model: string }
  | { readonly kind: 'first_byte' }
  /** Speech: all audio was sent. */
  | { readonly kind: 'spoken'; readonly audioSeconds: number; readonly usage?: AudioUsage }
  | { readonly kind: 'transcribed'; readonly text: string; readonly usage?: AudioUsage }
  | { readonly kind: 'aborted' }
  | { readonly kind: 'failed'; readonly status: number | 'cut' }
);

/** Usage in the words of the API. */
interface AudioUsage {
  readonly type?: 'tokens' | 'duration';
  readonly input_tokens?: number;
  readonly output_tokens?: number;
  readonly total_tokens?: number;
  readonly input_token_details?: { readonly audio_tokens: number; readonly text_tokens: number };
  readonly seconds?: number;
}

/** Behaviour of the audio simulator. */
export interface AudioOptions extends SimulatorOptions {
  /** Milliseconds from request to first byte or transcript. (Default: 30.) */
  readonly firstByteMs?: number;
}

/** A running audio simulator: OpenAI below `/v1`, Groq below `/openai/v1`. */
export interface AudioSimulator extends Simulator<AudioTruth> {
  readonly faults: Faults;
  /** What the user says in the recordings that follow. */
  transcript: string;
}

const SAMPLE_RATE = 24_000;
/** A tenth of a second of speech goes out every so many milliseconds. */
const CHUNK_MS = 5;
/** Words are this far into a recording, and end this long before it does. */
const LEAD_SECONDS = 0.2;
const TRAIL_SECONDS = 0.3;

/** Starts a server that speaks `audio/speech` and `audio/transcriptions` of OpenAI and Groq. */
export async function startAudioSimulator(options: AudioOptions = {}): Promise<AudioSimulator> {
  const truth: AudioTruth[] = [];
  const faults = new Faults();
  const simulator = { truth, faults, transcript: 'Can I book a table?' };
  const server = await listenOnLoopback({
    onRequest: (request, response) => {
      const record: Exchange['record'] = recorder(truth);
      const said = (): string => simulator.transcript;
      const { firstByteMs = 30 } = options;
      void answer({ request, response, faults, record, said, firstByteMs }).catch(() => response.destroy());
    },
  });
  return Object.assign(simulator, server);
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly faults: Faults;
  readonly firstByteMs: number;
  readonly said: () => string;
  readonly record: (event: Untimed<AudioTruth>, atMicros?: number) => void;
}

async function answer(exchange: Exchange): Promise<void> {
  const { request, response, faults, record, firstByteMs } = exchange;
  const arrived = performance.now();
  const arrivedMicros = nowMicros();
  const body = await readBody(request);
  const path = request.url ?? '';
  const kind = /^\/(?:openai\/)?v1\/audio\/(speech|transcriptions)$/.exec(path)?.[1];
  const refuse = (status: number): void => {
    record({ kind: 'failed', status });
    sendJson(response, status, { error: { message: 'refused by the simulator', type: 'simulated' } });
  };
  if (kind === undefined) return refuse(404);
  record({ kind: 'received', path, model: String(body.get('model')) }, arrivedMicros);
  const fault = faults.take();
  if (fault?.kind === 'status') return refuse(fault.status);
  const gone = new AbortController();
  let over = false;
  response.on('close', () => {
    if (!over) record({ kind: 'aborted' });
    gone.abort();
  });
  const progress: Progress = {
    wait: async (ms) => {
      await delay(arrived + firstByteMs + ms - performance.now(), gone.signal);
      return !gone.signal.aborted;
    },
    finish: (event) => {
      over = true;
      record(event);
    },
    cutAfter: fault?.kind === 'cut' ? fault.afterChunks : undefined,
  };
  if (kind === 'speech') await speak(exchange, body, progress);
  else await transcribe(exchange, body, progress);
}

interface Progress {
  /** Waits until so long after the first byte is due; false when the client has gone. */
  readonly wait: (ms: number) => Promise<boolean>;
  readonly finish: (event: Untimed<AudioTruth>) => void;
  readonly cutAfter: number | undefined;
}

async function speak({ response, record }: Exchange, body: Fields, progress: Progress): Promise<void> {
  const input = String(body.get('input') ?? '');
  const format = String(body.get('response_format') ?? 'mp3');
  const events = body.get('stream_format') === 'sse';
  const samples = synthesize(input, 'pcm_s16le', SAMPLE_RATE);
  const audio = format === 'wav' ? Buffer.concat([wavHeader(SAMPLE_RATE), samples]) : samples;
  const usage: AudioUsage = {
    input_tokens: tokenize(input).length,
    output_tokens: Math.round((samples.length / 2 / SAMPLE_RATE) * 20),
    total_tokens: 0,
  };
  if (!(await progress.wait(0))) return;
  response.writeHead(200, { 'content-type': events ? 'text/event-stream' : 'application/octet-stream' });
  response.socket?.setNoDelay(true);
  const write = (event: object): void => void response.write(`data: ${JSON.stringify(event)}\n\n`);
  const size = SAMPLE_RATE / 5;
  for (let at = 0, i = 0; at < audio.length; at += size, i++) {
    if (!(await progress.wait(i * CHUNK_MS))) return;
    if (i === progress.cutAfter) {
      progress.finish({ kind: 'failed', status: 'cut' });
      response.destroy();
      return;
    }
    const chunk = audio.subarray(at, at + size);
    if (events) write({ type: 'speech.audio.delta', audio: chunk.toString('base64') });
    else response.write(chunk);
    if (i === 0) record({ kind: 'first_byte' });
  }
  if (events) write({ type: 'speech.audio.done', usage });
  response.end();
  const audioSeconds = samples.length / 2 / SAMPLE_RATE;
  progress.finish({ kind: 'spoken', audioSeconds, ...(events && { usage }) });
}

async function transcribe(
  { response, record, said }: Exchange,
  body: Fields,
  progress: Progress,
): Promise<void> {
  const text = said();
  const file = body.get('file');
  const seconds = file instanceof Blob ? Math.max(0, file.size - 44) / (SAMPLE_RATE * 2) : 0;
  const tokens: AudioUsage = {
    type: 'tokens',
    input_tokens: Math.round(seconds * 10) + 2,
    input_token_details: { audio_tokens: Math.round(seconds * 10), text_tokens: 2 },
    output_tokens: tokenize(text).length,
    total_tokens: Math.round(seconds * 10) + 2 + tokenize(text).length,
  };
  const byTokens = String(body.get('model')).startsWith('gpt-');
  const usage = byTokens ? tokens : undefined;
  const format = String(body.get('response_format') ?? 'json');
  if (!(await progress.wait(0))) return;
  if (progress.cutAfter !== undefined) {
    progress.finish({ kind: 'failed', status: 'cut' });
    response.destroy();
    return;
  }
  if (byTokens && body.get('stream') === 'true') {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.socket?.setNoDelay(true);
    const write = (event: { readonly type: string }): void =>
      void response.write(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
    for (const [i, delta] of tokenize(text).entries()) {
      if (!(await progress.wait(i * CHUNK_MS))) return;
      write({ type: 'transcript.text.delta', ...{ delta } });
      if (i === 0) record({ kind: 'first_byte' });
    }
    write({ type: 'transcript.text.done', ...{ text, usage } });
    response.end('data: [DONE]\n\n');
  } else if (format === 'text') {
    response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' });
    response.end(`${text}\n`);
  } else if (format === 'verbose_json') {
    const words = body.getAll('timestamp_granularities[]').includes('word')
      ? wordTimes(text, seconds)
      : undefined;
    sendJson(response, 200, { task: 'transcribe', language: 'english', duration: seconds, text, words });
  } else sendJson(response, 200, { text, ...(usage && { usage }) });
  progress.finish({ kind: 'transcribed', text, ...(usage && { usage }) });
}

/** Words spread evenly over what is not silent in the recording. */
function wordTimes(text: string, seconds: number): object[] {
  const words = text.split(' ');
  const each = (seconds - LEAD_SECONDS - TRAIL_SECONDS) / words.length;
  return words.map((word, i) => ({
    word,
    start: LEAD_SECONDS + i * each,
    end: LEAD_SECONDS + (i + 1) * each,
  }));
}

/** A recording of so many seconds, as an application sends it: 16 bit, mono, 24 kHz. */
export const recording = (seconds: number): Buffer =>
  Buffer.concat([wavHeader(SAMPLE_RATE), Buffer.alloc(Math.round(seconds * SAMPLE_RATE) * 2)]);

/** A body's fields, be it JSON or a form. */
type Fields = Pick<FormData, 'get' | 'getAll'>;

async function readBody(request: IncomingMessage): Promise<Fields> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks);
  const type = request.headers['content-type'] ?? '';
  if (type.startsWith('multipart/'))
    return new Response(body, { headers: { 'content-type': type } }).formData();
  const json = JSON.parse(body.toString('utf8')) as Record<string, string>;
  return { get: (name) => json[name] ?? null, getAll: () => [] };
}
