import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RawData, WebSocket } from 'ws';
import { type Fault, Faults } from './fault.ts';
import { createRandom, type Random, type Range } from './random.ts';
import {
  delay,
  listenOnLoopback,
  readJson,
  recorder,
  type Simulator,
  type SimulatorOptions,
  sendJson,
  type Untimed,
} from './server.ts';
import { type RawEncoding, SAMPLE_BYTES, synthesize } from './voice.ts';
import { wavHeader } from './wav.ts';

/** What happened to one text that was to be spoken. */
export type DeepgramSpeakTruth = { readonly atMicros: number; readonly id: string } & (
  | { readonly kind: 'received'; readonly text: string; readonly query: Readonly<Record<string, string>> }
  | { readonly kind: 'first_byte' }
  | { readonly kind: 'finished'; readonly bytes: number; readonly audioSeconds: number }
  | { readonly kind: 'aborted'; readonly bytes: number; readonly audioSeconds: number }
  | { readonly kind: 'failed'; readonly status: number | 'cut' }
);

/** Delays of the speak simulator. */
export interface DeepgramSpeakOptions extends SimulatorOptions {
  /** From a text to its first audio, in milliseconds. (Default: 40 to 80.) */
  readonly firstByteMs?: Range;
  /** How many times faster than speech the audio is made. (Default: 20.) */
  readonly speed?: number;
}

/** A running speak simulator. */
export interface DeepgramSpeakSimulator extends Simulator<DeepgramSpeakTruth> {
  readonly wsUrl: string;
  readonly faults: Faults;
}

const CHUNK_SECONDS = 0.1;
const ENCODINGS: Readonly<Record<string, RawEncoding>> = {
  linear16: 'pcm_s16le',
  mulaw: 'pcm_mulaw',
  alaw: 'pcm_alaw',
};

/** Tells what a synthesis comes to. */
type RecordSpeech = (event: Untimed<DeepgramSpeakTruth>) => void;

interface Voice {
  readonly random: Random;
  readonly options: DeepgramSpeakOptions;
  readonly record: RecordSpeech;
}

/**
 * Starts a server that speaks Deepgram's text-to-speech: sockets (`/v1/speak`, `/v2/speak`) and requests (`POST
 * /v1/speak`).
 */
export async function startDeepgramSpeakSimulator(
  options: DeepgramSpeakOptions = {},
): Promise<DeepgramSpeakSimulator> {
  const truth: DeepgramSpeakTruth[] = [];
  const faults = new Faults();
  let connections = 0;
  const record: RecordSpeech = recorder(truth);
  const voice = (): Voice => ({
    random: createRandom(options.seed ?? 1, `speak:${++connections}`),
    options,
    record,
  });
  const server = await listenOnLoopback({
    onRequest: (request, response) => void answer(request, response, voice(), faults.take()),
    onUpgrade: ({ url, accept, refuse }) => {
      const { pathname, searchParams } = url;
      const fault = faults.take();
      const known = pathname === '/v1/speak' || pathname === '/v2/speak';
      if (!known || fault?.kind === 'status') return refuse(fault?.kind === 'status' ? fault.status : 404);
      accept((ws) => {
        const made = new SpeakSocket(ws, searchParams, voice(), fault);
        if (pathname === '/v1/speak') serveV1(ws, made);
        else serveV2(ws, made);
        ws.on('error', () => {});
        ws.on('close', () => made.abort());
      });
    },
  });
  return {
    ...server,
    truth,
    faults,
  };
}

/** The audio of a text in pieces of a tenth of a second. */
function speech(text: string, query: URLSearchParams) {
  const encoding = ENCODINGS[query.get('encoding') ?? 'linear16'] ?? 'pcm_mulaw';
  const rate = Number(query.get('sample_rate') ?? (encoding === 'pcm_s16le' ? 24_000 : 8_000));
  const audio = synthesize(text, encoding, rate);
  const bytesPerSecond = rate * SAMPLE_BYTES[encoding];
  const size = bytesPerSecond * CHUNK_SECONDS;
  const chunks = Array.from({ length: Math.ceil(audio.length / size) }, (_, i) =>
    audio.subarray(i * size, (i + 1) * size),
  );
  return { chunks, bytesPerSecond };
}

/** What was made of one text so far. */
interface Made {
  readonly id: string;
  readonly text: string;
  bytes: number;
  readonly bytesPerSecond: number;
}

/** One client of a socket: texts are spoken one after the other. */
class SpeakSocket {
  readonly query: URLSearchParams;
  readonly #ws: WebSocket;
  readonly #voice: Voice;
  readonly #fault: Fault | undefined;
  #tail: Promise<unknown> = Promise.resolve();
  #stop = new AbortController();
  #current: Made | undefined;
  #last: Made | undefined;
  #count = 0;

  constructor(ws: WebSocket, query: URLSearchParams, voice: Voice, fault: Fault | undefined) {
    this.#ws = ws;
    this.query = query;
    this.#voice = voice;
    this.#fault = fault;
  }

  /** What is being spoken, or was last. */
  get current(): Made | undefined {
    return this.#current ?? this.#last;
  }

  get speaking(): boolean {
    return this.#current !== undefined;
  }

  send(message: object): void {
    if (this.#ws.readyState === this.#ws.OPEN) this.#ws.send(JSON.stringify(message));
  }

  /** Runs `action` after everything that was asked for before, unless that is stopped. */
  enqueue(action: () => unknown): void {
    const { signal } = this.#stop;
    this.#tail = this.#tail.then(() => (signal.aborted ? undefined : action()));
  }

  /** Text has arrived that will be spoken. */
  newId(): string {
    return `dg_sp_${this.#voice.random.uuid().slice(0, 8)}${String(this.#count++).padStart(4, '0')}`;
  }

  speak(id: string, text: string, started: () => void, done: (made: Made) => void): void {
    const { options, random, record } = this.#voice;
    record({ kind: 'received', id, text, query: Object.fromEntries(this.query) });
    this.enqueue(async () => {
      const { signal } = this.#stop;
      const { chunks, bytesPerSecond } = speech(text, this.query);
      const made: Made = { id, text, bytes: 0, bytesPerSecond };
      this.#current = made;
      started();
      const begun = performance.now();
      const firstMs = random.between(...(options.firstByteMs ?? [40, 80]));
      for (const [i, chunk] of chunks.entries()) {
        const dueMs = firstMs + (i * CHUNK_SECONDS * 1000) / (options.speed ?? 20);
        await delay(begun + dueMs - performance.now(), signal);
        if (signal.aborted) return;
        if (this.#fault?.kind === 'cut' && i === this.#fault.afterChunks) {
          record({ kind: 'failed', id, status: 'cut' });
          this.#ws.terminate();
          return;
        }
        this.#ws.send(chunk);
        if (made.bytes === 0) record({ kind: 'first_byte', id });
        made.bytes += chunk.length;
      }
      this.#current = undefined;
      this.#last = made;
      record({ kind: 'finished', id, bytes: made.bytes, audioSeconds: made.bytes / bytesPerSecond });
      done(made);
    });
  }

  /** Nothing of what was asked for is spoken any more. */
  abort(): Made | undefined {
    const made = this.#current;
    this.#stop.abort();
    this.#stop = new AbortController();
    this.#tail = Promise.resolve();
    this.#current = undefined;
    if (!made) return undefined;
    const { id, bytes } = made;
    this.#voice.record({ kind: 'aborted', id, bytes, audioSeconds: bytes / made.bytesPerSecond });
    this.#last = made;
    return made;
  }
}

const read = (data: RawData): { type?: unknown; text?: unknown } => JSON.parse(String(data));

function serveV1(ws: WebSocket, made: SpeakSocket): void {
  let text = '';
  let sequenceId = 0;
  const flush = (): void => {
    if (text !== '')
      made.speak(
        made.newId(),
        text,
        () => {},
        () => {},
      );
    text = '';
  };
  made.send({
    type: 'Metadata',
    request_id: made.newId(),
    model_name: made.query.get('model') ?? 'aura-asteria-en',
    model_version: '2026-01-01.0',
    model_uuid: made.newId(),
  });
  ws.on('message', (data: RawData) => {
    const message = read(data);
    if (message.type === 'Speak') text += String(message.text);
    else if (message.type === 'Flush') {
      flush();
      made.enqueue(() => made.send({ type: 'Flushed', sequence_id: sequenceId++ }));
    } else if (message.type === 'Clear') {
      text = '';
      made.abort();
      made.send({ type: 'Cleared', sequence_id: sequenceId++ });
    } else if (message.type === 'Close') {
      flush();
      made.enqueue(() => ws.close(1000));
    }
  });
}

function serveV2(ws: WebSocket, made: SpeakSocket): void {
  const total = { audio: 0, input: 0, billable: 0 };
  let turn: { id: string; text: string } | undefined;
  made.send({
    type: 'Connected',
    request_id: made.newId(),
    model_name: made.query.get('model'),
    model_version: '2026-01-01.0',
    model_uuids: [],
  });
  const metadata = ({ id, text, bytes, bytesPerSecond }: Made): object => {
    const counted = {
      audio_duration_ms: (bytes / bytesPerSecond) * 1000,
      input_character_count: text.length,
      // Stripped control characters are not billed.
      billable_character_count: text.replace(/\p{Cc}/gu, '').length,
    };
    total.audio += counted.audio_duration_ms;
    total.input += counted.input_character_count;
    total.billable += counted.billable_character_count;
    return {
      speech_id: id,
      ...counted,
      controls_applied: { pronunciations_applied: 0, breaks_applied: 0, pronunciation_warnings: 0 },
    };
  };
  const flush = (): void => {
    if (!turn) {
      made.send({ type: 'Warning', code: 'NO_ACTIVE_SPEECH', description: '' });
      return;
    }
    const { id, text } = turn;
    turn = undefined;
    made.send({ type: 'Flushed', speech_id: id });
    made.speak(
      id,
      text,
      () => made.send({ type: 'SpeechStarted', speech_id: id }),
      (done) => made.send({ type: 'SpeechMetadata', ...metadata(done) }),
    );
  };
  ws.on('message', (data: RawData) => {
    const message = read(data);
    if (message.type === 'Speak') {
      turn ??= { id: made.newId(), text: '' };
      turn.text += String(message.text);
    } else if (message.type === 'Flush') flush();
    else if (message.type === 'Interrupt') {
      if (!made.current?.bytes)
        return made.send({ type: 'Warning', code: 'NO_AUDIO_GENERATED', description: '' });
      turn = undefined;
      const stopped = made.abort() ?? made.current;
      if (stopped)
        made.send({ type: 'SpeechInterrupted', audio_played_ms: total.audio, metadata: metadata(stopped) });
    } else if (message.type === 'Close') {
      if (turn) flush();
      made.enqueue(() => {
        made.send({
          type: 'SessionMetadata',
          total_audio_duration_ms: total.audio,
          total_input_character_count: total.input,
          total_billable_character_count: total.billable,
        });
        ws.close(1000);
      });
    }
  });
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { random, options, record }: Voice,
  fault: Fault | undefined,
): Promise<void> {
  const { pathname, searchParams: query } = new URL(request.url ?? '/', 'http://localhost');
  const body = await readJson(request);
  const text = String(body?.text ?? '');
  const id = random.uuid();
  if (pathname !== '/v1/speak' && pathname !== '/v2/speak') return void response.writeHead(404).end();
  record({ kind: 'received', id, text, query: Object.fromEntries(query) });
  if (fault?.kind === 'status') {
    record({ kind: 'failed', id, status: fault.status });
    return sendJson(response, fault.status, { err_code: 'REFUSED', err_msg: 'refused by the simulator' });
  }
  if (query.has('callback')) return sendJson(response, 200, { request_id: id });
  const { chunks, bytesPerSecond } = speech(text, query);
  await delay(random.between(...(options.firstByteMs ?? [40, 80])));
  if (fault?.kind === 'delay') await delay(fault.ms);
  const raw = query.get('container') === 'none' || query.get('encoding') !== 'linear16';
  response.writeHead(200, {
    'content-type': query.has('encoding') ? 'audio/wav' : 'audio/mpeg',
    'dg-char-count': String(text.length),
    'dg-model-name': query.get('model') ?? 'aura-asteria-en',
    'dg-request-id': id,
  });
  if (!raw) response.write(wavHeader(Number(query.get('sample_rate') ?? 24_000)));
  let bytes = 0;
  for (const [i, chunk] of chunks.entries()) {
    if (fault?.kind === 'cut' && i === fault.afterChunks) {
      record({ kind: 'failed', id, status: 'cut' });
      return void response.destroy();
    }
    if (response.destroyed) break;
    response.write(chunk);
    if (bytes === 0) record({ kind: 'first_byte', id });
    bytes += chunk.length;
    await delay((CHUNK_SECONDS * 1000) / (options.speed ?? 20));
  }
  const kind = response.destroyed ? 'aborted' : 'finished';
  record({ kind, id, bytes, audioSeconds: bytes / bytesPerSecond });
  response.end();
}
