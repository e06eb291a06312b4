import type { IncomingMessage } from 'node:http';
import type { STT } from '@cartesia/cartesia-js/resources/stt/stt';
import type { RawData, WebSocket } from 'ws';
import { type Fault, Faults } from '../../../demo/simulators/fault.ts';
import { type Heard, Listener } from '../../../demo/simulators/listening.ts';
import { createRandom, type Random, type Range } from '../../../demo/simulators/random.ts';
import { Sequence } from '../../../demo/simulators/sequence.ts';
import {
  delay,
  listenOnLoopback,
  recorder,
  type Simulator,
  type SimulatorOptions,
  sendJson,
  type Untimed,
} from '../../../demo/simulators/server.ts';
import type { SpokenWord } from '../../../demo/speech.ts';

/** What happened on one socket of the simulator. */
export type CartesiaListenTruth = { readonly atMicros: number; readonly requestId: string } & (
  | { readonly kind: 'opened'; readonly query: Readonly<Record<string, string>> }
  | { readonly kind: 'refused'; readonly status: number }
  /** A message was sent; `message` is what the client got. */
  | { readonly kind: 'sent'; readonly message: Message }
  | { readonly kind: 'received'; readonly command: string }
  | { readonly kind: 'closed'; readonly audioSeconds: number; readonly by: 'client' | 'server' | 'cut' }
);

type Response = STT.STTAutoFinalizeWebsocketResponse | STT.STTManualFinalizeWebsocketResponse;
type Unidentified<M> = M extends unknown ? Omit<M, 'request_id'> : never;
type Message = Unidentified<Response>;

/** Behaviour of the simulator of Cartesia's transcription. */
export interface CartesiaListenOptions extends SimulatorOptions {
  /** Milliseconds from the audio that causes a message to the message. (Default: 20 to 70.) */
  readonly processingMs?: Range;
}

/** A running simulator of Cartesia's transcription. */
export interface CartesiaListenSimulator extends Simulator<CartesiaListenTruth> {
  readonly faults: Faults;
}

/** Silence after which a turn seems to be over, and after which it is. */
const EAGER_MS = 200;
const END_MS = 500;

const spoken = (words: readonly SpokenWord[]): string => words.map(({ word }) => word).join(' ');

/**
 * Starts a server that speaks Cartesia's live transcription with turns (`/stt/turns/websocket`) and without
 * (`/stt/websocket`) for mulaw and 16-bit audio, and its transcription of recordings (`/stt`) for mulaw. It recognises the recordings of demo/speech by their audio;
 * other sounds are heard as silence.
 */
export async function startCartesiaListenSimulator(
  options: CartesiaListenOptions = {},
): Promise<CartesiaListenSimulator> {
  const { seed = 1, processingMs = [20, 70] } = options;
  const truth: CartesiaListenTruth[] = [];
  const faults = new Faults();
  let connections = 0;

  const server = await listenOnLoopback({
    onRequest: (request, response) => {
      const fault = faults.take();
      const requestId = createRandom(seed, `recording:${++connections}`).uuid();
      void transcribe(request, fault).then(
        ({ status, body }) => sendJson(response, status, { ...body, request_id: requestId }),
        () => response.destroy(),
      );
    },
    onUpgrade: async ({ request, url, accept, refuse }) => {
      const random = createRandom(seed, `stt:${++connections}`);
      const requestId = random.uuid();
      const record = recorder(truth);
      const fault = faults.take();
      const { pathname, searchParams: query } = url;
      const status = fault?.kind === 'status' ? fault.status : refusal(request, pathname, query);
      if (status !== undefined) {
        record({ kind: 'refused', requestId, status });
        return refuse(status);
      }
      if (fault?.kind === 'delay') await delay(fault.ms);
      accept((ws) => {
        record({ kind: 'opened', requestId, query: Object.fromEntries(query) });
        const Kind = pathname === '/stt/turns/websocket' ? TurnSocket : ManualSocket;
        new Kind({ ws, query, requestId, random, processingMs, fault, record });
      });
    },
  });
  return {
    ...server,
    truth,
    faults,
  };
}

/** The status that such a request is refused with, if it is. */
function refusal(request: IncomingMessage, path: string, query: URLSearchParams): number | undefined {
  if (path !== '/stt/turns/websocket' && path !== '/stt/websocket') return 404;
  if (!request.headers.authorization && !query.get('api_key') && !query.get('access_token')) return 401;
  const rate = Number(query.get('sample_rate'));
  const known = ['pcm_mulaw', 'pcm_s16le'].includes(query.get('encoding') ?? '');
  return known && rate > 0 && rate % 8_000 === 0 && query.get('model') ? undefined : 400;
}

/** Answers `/stt`: a form with raw mulaw of 8 kHz in it. */
async function transcribe(
  request: IncomingMessage,
  fault: Fault | undefined,
): Promise<{ status: number; body: object }> {
  const form = await formOf(request);
  if (fault?.kind === 'status') return { status: fault.status, body: { error_code: 'simulated' } };
  if (fault?.kind === 'delay') await delay(fault.ms);
  const file = form.get('file');
  if (!(file instanceof Blob) || !form.get('model')) return { status: 400, body: { error_code: 'bad_form' } };
  const words: SpokenWord[] = [];
  const options = { encoding: 'mulaw', sampleRate: 8_000, interimResults: false } as const;
  const listener = new Listener(
    { ...options, endpointingMs: EAGER_MS, utteranceEndMs: undefined, random: createRandom(1, 'recording') },
    (heard) => {
      if (heard.kind === 'results') words.push(...heard.words);
    },
  );
  listener.push(new Uint8Array(await file.arrayBuffer()));
  listener.finalize(false);
  const body = { type: 'transcript', text: spoken(words), duration: listener.audioSeconds };
  return { status: 200, body };
}

async function formOf(request: IncomingMessage): Promise<FormData> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const headers = { 'content-type': request.headers['content-type'] ?? '' };
  return new globalThis.Response(Buffer.concat(chunks), { headers }).formData();
}

interface SocketInit {
  readonly ws: WebSocket;
  readonly query: URLSearchParams;
  readonly requestId: string;
  readonly random: Random;
  readonly processingMs: Range;
  readonly fault: Fault | undefined;
  readonly record: (event: Untimed<CartesiaListenTruth>) => void;
}

interface Silences {
  readonly endpointingMs: number | undefined;
  readonly utteranceEndMs?: number;
}

/** What both kinds of sockets do. */
abstract class ListeningSocket {
  readonly #init: SocketInit;
  readonly #sequence: Sequence;
  #closedBy: 'client' | 'server' | 'cut' = 'client';
  #sent = 0;
  protected readonly listener: Listener;

  constructor(init: SocketInit, { endpointingMs, utteranceEndMs }: Silences) {
    this.#init = init;
    this.#sequence = new Sequence(init.random, init.processingMs);
    const { ws, query, random, requestId, record } = init;
    this.listener = new Listener(
      {
        encoding: query.get('encoding') === 'pcm_mulaw' ? 'mulaw' : 'linear16',
        sampleRate: Number(query.get('sample_rate')),
        interimResults: true,
        endpointingMs,
        utteranceEndMs,
        random,
      },
      (heard) => this.hear(heard),
    );
    ws.on('message', (data: RawData, isBinary: boolean) => {
      if (isBinary) return this.listener.push(data as Buffer);
      const command = (data as Buffer).toString('utf8');
      record({ kind: 'received', requestId, command });
      this.command(command);
    });
    ws.on('error', () => {});
    ws.on('close', () => {
      this.#sequence.stop();
      const { audioSeconds } = this.listener;
      record({ kind: 'closed', requestId, audioSeconds, by: this.#closedBy });
    });
  }

  protected abstract hear(heard: Heard): void;
  protected abstract command(command: string): void;

  /** Sends after a drawn delay, never before what was asked for earlier. */
  protected send(message: Message): void {
    this.#sequence.later(() => this.#sendNow(message));
  }

  /** Closes after all that is to be sent. */
  protected close(): void {
    this.#sequence.later(() => {
      this.#closedBy = 'server';
      this.#init.ws.close(1000);
    });
  }

  #sendNow(message: Message): void {
    const { ws, fault, requestId, record } = this.#init;
    if (ws.readyState !== ws.OPEN) return;
    if (fault?.kind === 'cut' && this.#sent >= fault.afterChunks) {
      this.#closedBy = 'cut';
      ws.terminate();
    } else if (fault?.kind === 'close' && this.#sent >= fault.afterMessages) {
      this.#closedBy = 'server';
      const failure = { type: 'error', title: 'Simulated', message: 'As asked for', request_id: requestId };
      ws.send(JSON.stringify({ ...failure, status_code: 429, error_code: 'concurrency_limited' }));
      ws.close(fault.code);
    } else {
      this.#sent++;
      ws.send(JSON.stringify({ ...message, request_id: requestId }));
      record({ kind: 'sent', requestId, message });
    }
  }
}

/** Finds the turns itself. */
class TurnSocket extends ListeningSocket {
  /** The words of this turn that will not change any more. */
  #words: SpokenWord[] = [];
  #turn: 'none' | 'going' | 'eager' = 'none';

  constructor(init: SocketInit) {
    super(init, { endpointingMs: EAGER_MS, utteranceEndMs: END_MS });
    this.send({ type: 'connected' });
  }

  protected override hear(heard: Heard): void {
    if (heard.kind === 'speech_started') {
      if (this.#turn !== 'going') this.send({ type: this.#turn === 'none' ? 'turn.start' : 'turn.resume' });
      this.#turn = 'going';
    } else if (heard.kind === 'utterance_end') this.#end();
    else if (this.#turn === 'going') {
      const { words, isFinal, speechFinal } = heard;
      const transcript = spoken([...this.#words, ...words]);
      if (isFinal) this.#words.push(...words);
      if (speechFinal) this.#turn = 'eager';
      if (transcript) this.send({ type: speechFinal ? 'turn.eager_end' : 'turn.update', transcript });
    }
  }

  protected override command(command: string): void {
    if ((JSON.parse(command) as { type: string }).type !== 'close') return;
    this.listener.finalize(false);
    this.#end();
    this.close();
  }

  #end(): void {
    if (this.#turn !== 'none') this.send({ type: 'turn.end', transcript: spoken(this.#words) });
    this.#turn = 'none';
    this.#words = [];
  }
}

/** Gives what it has heard, as it hears it and when it is asked to. */
class ManualSocket extends ListeningSocket {
  #said = false;

  constructor(init: SocketInit) {
    const silence = init.query.get('max_silence_duration_secs');
    super(init, { endpointingMs: silence === null ? undefined : Number(silence) * 1_000 });
  }

  protected override hear(heard: Heard): void {
    if (heard.kind !== 'results' || heard.words.length === 0) return;
    const { words, isFinal, duration } = heard;
    // Pieces are joined as they come: the space between two belongs to the second.
    const text = `${this.#said ? ' ' : ''}${spoken(words)}`;
    if (isFinal) this.#said = true;
    const timed = words.map(({ word, start, end }) => ({ word, start, end }));
    this.send({ type: 'transcript', text, is_final: isFinal, duration, words: timed as never });
  }

  protected override command(command: string): void {
    if (command === 'finalize') {
      this.listener.finalize(true);
      this.send({ type: 'flush_done' });
    } else if (command === 'close') {
      this.listener.finalize(false);
      this.send({ type: 'done' });
      this.close();
    }
  }
}
