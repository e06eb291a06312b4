import type { IncomingMessage } from 'node:http';
import type {
  BeginEvent,
  StreamingEventMessage,
  StreamingWord,
  TerminationEvent,
  TurnEvent,
} from 'assemblyai';
import type { RawData, WebSocket } from 'ws';
import { nowMicros } from '../../../demo/now.ts';
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
  type Untimed,
} from '../../../demo/simulators/server.ts';
import type { SpokenWord } from '../../../demo/speech.ts';

/** What happened on one session of the AssemblyAI simulator. */
export type AssemblyAiTruth = { readonly atMicros: number; readonly sessionId: string } & (
  | {
      readonly kind: 'opened';
      readonly query: Readonly<Record<string, string>>;
      readonly authorization: string | undefined;
    }
  | { readonly kind: 'refused'; readonly status: number }
  /** A message was sent; `message` is what the client got. */
  | { readonly kind: 'sent'; readonly message: AssemblyAiMessage }
  | { readonly kind: 'received'; readonly message: { readonly type: string } }
  | { readonly kind: 'closed'; readonly audioSeconds: number; readonly by: 'client' | 'server' | 'cut' }
);

/** The messages of universal streaming, as far as this simulator sends them. */
export type AssemblyAiMessage = Extract<
  StreamingEventMessage,
  BeginEvent | TurnEvent | TerminationEvent | { type: 'SpeechStarted' | 'Error' }
>;

/** Behaviour of the AssemblyAI simulator. */
export interface AssemblyAiOptions extends SimulatorOptions {
  /** Milliseconds from the audio that causes a message to the message. (Default: 20 to 70.) */
  readonly processingMs?: Range;
}

/** A running AssemblyAI simulator. */
export interface AssemblyAiSimulator extends Simulator<AssemblyAiTruth> {
  /** For `websocketBaseUrl`, which must be `wss`. */
  readonly wsUrl: string;
  /** The certificate, for clients. */
  readonly caPath: string;
  readonly faults: Faults;
}

/** Silence that ends a turn when the client asks for nothing else. */
const TURN_SILENCE_MS = 400;
/** What the SDK sends when the encoding is not given. */
const DEFAULT_ENCODING = 'pcm_s16le';

const plain = (word: string): string => word.toLowerCase().replace(/[^\p{L}\p{N}' ]/gu, '');
const ms = (seconds: number): number => Math.round(seconds * 1_000);

/**
 * Starts a server that speaks AssemblyAI's universal streaming (`/v3/ws`) over TLS, for mulaw and 16-bit audio. It
 * recognises the recordings of demo/speech by their audio; other sounds are heard as silence.
 */
export async function startAssemblyAiSimulator(
  options: AssemblyAiOptions = {},
): Promise<AssemblyAiSimulator> {
  const { seed = 1, processingMs = [20, 70] } = options;
  const truth: AssemblyAiTruth[] = [];
  const faults = new Faults();
  let sessions = 0;

  const server = await listenOnLoopback({
    tls: true,
    onRequest: (_, response) => response.writeHead(404).end(),
    onUpgrade: async ({ request, url, accept, refuse }) => {
      const random = createRandom(seed, `streaming:${++sessions}`);
      const sessionId = random.uuid();
      const record = recorder(truth);
      const fault = faults.take();
      const query = url.searchParams;
      const status = fault?.kind === 'status' ? fault.status : refusal(request, url);
      if (status !== undefined) {
        record({ kind: 'refused', sessionId, status });
        return refuse(status);
      }
      if (fault?.kind === 'delay') await delay(fault.ms);
      accept((ws) => {
        const { authorization } = request.headers;
        record({ kind: 'opened', sessionId, query: Object.fromEntries(query), authorization });
        new Session({ ws, query, sessionId, random, processingMs, fault, record });
      });
    },
  });
  return {
    ...server,
    wsUrl: `${server.url.replace('https', 'wss')}/v3/ws`,
    caPath: server.caPath ?? '',
    truth,
    faults,
  };
}

/** The status that such a request is refused with, if it is. */
function refusal(request: IncomingMessage, { pathname, searchParams: query }: URL): number | undefined {
  if (pathname !== '/v3/ws') return 404;
  if (!request.headers.authorization && !query.get('token')) return 401;
  const rate = Number(query.get('sample_rate'));
  return rate > 0 && rate % 8_000 === 0 ? undefined : 400;
}

interface SessionInit {
  readonly ws: WebSocket;
  readonly query: URLSearchParams;
  readonly sessionId: string;
  readonly random: Random;
  readonly processingMs: Range;
  readonly fault: Fault | undefined;
  readonly record: (event: Untimed<AssemblyAiTruth>) => void;
}

/** One session: turns of one speaker after the other. */
class Session {
  readonly #init: SessionInit;
  readonly #startMicros = nowMicros();
  readonly #listener: Listener;
  readonly #sequence: Sequence;
  #closedBy: 'client' | 'server' | 'cut' = 'client';
  #sent = 0;
  #turn = 0;
  /** The words of this turn that will not change any more. */
  #words: SpokenWord[] = [];

  constructor(init: SessionInit) {
    this.#init = init;
    this.#sequence = new Sequence(init.random, init.processingMs);
    const { ws, query, random, sessionId, record } = init;
    this.#listener = new Listener(
      {
        encoding: (query.get('encoding') ?? DEFAULT_ENCODING) === 'pcm_mulaw' ? 'mulaw' : 'linear16',
        sampleRate: Number(query.get('sample_rate')),
        interimResults: true,
        endpointingMs: Number(query.get('min_turn_silence') ?? TURN_SILENCE_MS),
        utteranceEndMs: undefined,
        random,
      },
      (heard) => this.#hear(heard),
    );
    ws.on('message', (data: RawData, isBinary: boolean) => {
      const bytes = data as Buffer;
      if (isBinary) this.#listener.push(bytes);
      else this.#command(JSON.parse(bytes.toString('utf8')));
    });
    ws.on('error', () => {});
    ws.on('close', () => {
      this.#sequence.stop();
      const { audioSeconds } = this.#listener;
      record({ kind: 'closed', sessionId, audioSeconds, by: this.#closedBy });
    });
    const expires = Math.round(Date.now() / 1_000) + 3 * 3_600;
    this.#sequence.later(() => this.#send({ type: 'Begin', id: sessionId, expires_at: expires }));
  }

  #command(message: { type: string }): void {
    this.#init.record({ kind: 'received', sessionId: this.#init.sessionId, message });
    if (message.type === 'ForceEndpoint') this.#listener.finalize(true);
    else if (message.type === 'Terminate') {
      this.#listener.finalize(false);
      this.#sequence.later(() => this.#terminate());
    }
  }

  #terminate(): void {
    this.#send({
      type: 'Termination',
      audio_duration_seconds: this.#listener.audioSeconds,
      session_duration_seconds: (nowMicros() - this.#startMicros) / 1e6,
    });
    if (this.#closedBy === 'client') this.#closedBy = 'server';
    this.#init.ws.close(1000);
  }

  #hear(heard: Heard): void {
    if (heard.kind === 'speech_started')
      this.#sequence.later(() => this.#send({ type: 'SpeechStarted', timestamp: ms(heard.atSeconds) }));
    if (heard.kind !== 'results') return;
    const { words, isFinal, speechFinal, fromFinalize } = heard;
    const known = this.#words.map((word) => this.#word(word, true));
    const all = [...known, ...words.map((word) => this.#word(word, isFinal))];
    if (isFinal) this.#words.push(...words);
    // A listener says something in silence too; this service does not.
    if (all.length === 0) return;
    const ended = isFinal && (speechFinal || fromFinalize);
    const order = this.#turn;
    const spoken = this.#words;
    this.#sequence.later(() => this.#send(turn(order, all, ended)));
    if (!ended) return;
    this.#turn++;
    this.#words = [];
    if (this.#init.query.get('format_turns') === 'true')
      this.#sequence.later(() => this.#send({ ...turn(order, all, true), ...formatted(spoken) }));
  }

  #word({ word, start, end }: SpokenWord, isFinal: boolean): StreamingWord {
    const confidence = isFinal ? 0.99 : 0.9;
    return { text: plain(word), start: ms(start), end: ms(end), confidence, word_is_final: isFinal };
  }

  #send(message: AssemblyAiMessage): void {
    const { ws, fault, sessionId, record } = this.#init;
    if (ws.readyState !== ws.OPEN) return;
    if (fault?.kind === 'cut' && this.#sent >= fault.afterChunks) {
      this.#closedBy = 'cut';
      ws.terminate();
      return;
    }
    if (fault?.kind === 'close' && this.#sent >= fault.afterMessages) {
      this.#closedBy = 'server';
      ws.close(fault.code);
      return;
    }
    this.#sent++;
    ws.send(JSON.stringify(message));
    record({ kind: 'sent', sessionId, message });
  }
}

function turn(order: number, words: StreamingWord[], ended: boolean): TurnEvent {
  return {
    type: 'Turn',
    turn_order: order,
    turn_is_formatted: false,
    end_of_turn: ended,
    // As the service does: a word that may still change is among the words and not in the transcript.
    transcript: words
      .filter(({ word_is_final }) => word_is_final)
      .map(({ text }) => text)
      .join(' '),
    end_of_turn_confidence: ended ? 0.9 : 0.1,
    words,
  };
}

const formatted = (words: readonly SpokenWord[]): Pick<TurnEvent, 'turn_is_formatted' | 'transcript'> => ({
  turn_is_formatted: true,
  transcript: words.map(({ word }) => word).join(' '),
});
