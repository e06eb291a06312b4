import type { IncomingMessage } from 'node:http';
import type { RawData, WebSocket } from 'ws';
import type { Utterance } from '../speech.ts';
import { Faults } from './fault.ts';
import { type Heard, Listener, type ListeningOptions } from './listening.ts';
import { createRandom, type Random, type Range } from './random.ts';
import { Sequence } from './sequence.ts';
import {
  delay,
  listenOnLoopback,
  recorder,
  type Simulator,
  type SimulatorOptions,
  type Untimed,
} from './server.ts';

/** What happened on one connection of the Deepgram simulator. */
export type DeepgramTruth = { readonly atMicros: number; readonly requestId: string } & (
  | { readonly kind: 'opened'; readonly query: Readonly<Record<string, string>> }
  | { readonly kind: 'refused'; readonly status: number }
  | { readonly kind: 'first_audio' }
  /** A message was sent; `message` is what the client got. */
  | { readonly kind: 'sent'; readonly message: DeepgramMessage }
  | { readonly kind: 'received'; readonly type: string }
  | { readonly kind: 'closed'; readonly audioSeconds: number; readonly by: 'client' | 'server' | 'cut' }
);

/** The messages of live listen v1, as far as this simulator sends them. */
export type DeepgramMessage =
  | { readonly type: 'SpeechStarted'; readonly channel: readonly number[]; readonly timestamp: number }
  | { readonly type: 'UtteranceEnd'; readonly channel: readonly number[]; readonly last_word_end: number }
  | {
      readonly type: 'Results';
      readonly channel_index: readonly number[];
      readonly start: number;
      readonly duration: number;
      readonly is_final: boolean;
      readonly speech_final: boolean;
      readonly from_finalize: boolean;
      readonly channel: { readonly alternatives: readonly DeepgramAlternative[] };
      readonly metadata: {
        readonly request_id: string;
        readonly model_uuid: string;
        readonly model_info: object;
      };
    }
  | {
      readonly type: 'Metadata';
      readonly transaction_key: string;
      readonly request_id: string;
      readonly sha256: string;
      readonly created: string;
      readonly duration: number;
      readonly channels: number;
    };

interface DeepgramAlternative {
  readonly transcript: string;
  readonly confidence: number;
  readonly words: readonly {
    readonly word: string;
    readonly start: number;
    readonly end: number;
    readonly confidence: number;
    readonly punctuated_word?: string;
  }[];
}

/** Delays of the Deepgram simulator, in milliseconds of wall-clock time on top of the audio's own. */
export interface DeepgramOptions extends SimulatorOptions {
  /** From the audio that causes a message to the message. (Default: 20 to 70.) */
  readonly processingMs?: Range;
  /** Ends a connection that sends neither audio nor KeepAlive for so long. (Default: 10000.) */
  readonly idleMs?: number;
  /** What is said on a connection, and when its transcripts come. (Default: the recordings of demo/speech, when they are due.) */
  readonly script?: (() => TranscriptScript) | undefined;
}

/** Transcripts that come when they are to. */
export interface TranscriptScript {
  readonly speech: readonly Utterance[];
  /** Milliseconds from the end of an utterance to its final transcript; no sooner than the endpointing. Undefined: as usual. */
  finalMs(utterance: string): number | undefined;
  /** The agent has begun to send audio. */
  onListening(): void;
  /** The first words of an utterance are on their way. */
  onHeard(utterance: string): void;
}

/** A running Deepgram simulator. */
export interface DeepgramSimulator extends Simulator<DeepgramTruth> {
  /** Origin for WebSockets, for example `ws://127.0.0.1:41234`. */
  readonly wsUrl: string;
  readonly faults: Faults;
}

const plain = (word: string): string => word.toLowerCase().replace(/[^\p{L}\p{N}' ]/gu, '');
const rounded = (value: number): number => Math.round(value * 1e6) / 1e6;

/**
 * Starts a server that speaks Deepgram's live listen v1 (`/v1/listen`) for mulaw and linear16 audio. It recognises the
 * recordings of demo/speech by their audio; other sounds are heard as silence.
 */
export async function startDeepgramSimulator(options: DeepgramOptions = {}): Promise<DeepgramSimulator> {
  const { seed = 1, processingMs = [20, 70], idleMs = 10_000, script } = options;
  const truth: DeepgramTruth[] = [];
  const faults = new Faults();
  let connections = 0;

  const server = await listenOnLoopback({
    onRequest: (_, response) => response.writeHead(404).end(),
    onUpgrade: async ({ request, accept, refuse }) => {
      const random = createRandom(seed, `listen:${++connections}`);
      const requestId = random.uuid();
      const record = recorder(truth);
      const fault = faults.take();
      const query = parseQuery(request);
      const status = fault?.kind === 'status' ? fault.status : refusal(request, query);
      if (status !== undefined) {
        record({ kind: 'refused', requestId, status });
        return refuse(status, {
          'dg-request-id': requestId,
          'dg-error': 'refused by the simulator',
        });
      }
      if (fault?.kind === 'delay') await delay(fault.ms);
      accept(
        (ws) => {
          record({ kind: 'opened', requestId, query: Object.fromEntries(query) });
          const cutAfter = fault?.kind === 'cut' ? fault.afterChunks : undefined;
          serve({ ws, query, requestId, random, processingMs, idleMs, cutAfter, script: script?.(), record });
        },
        [`dg-request-id: ${requestId}`],
      );
    },
  });
  return {
    ...server,
    truth,
    faults,
  };
}

function parseQuery(request: IncomingMessage): URLSearchParams {
  return new URL(request.url ?? '/', 'http://localhost').searchParams;
}

/** The status that the real service refuses such a request with, if it does. */
function refusal(request: IncomingMessage, query: URLSearchParams): number | undefined {
  if (new URL(request.url ?? '/', 'http://localhost').pathname !== '/v1/listen') return 404;
  const { authorization = '', 'sec-websocket-protocol': protocols = '' } = request.headers;
  // Browsers' sockets have no headers of their own: they say it as subprotocols.
  if (!/^(token|bearer) ./i.test(authorization) && !/^(token|bearer), *./i.test(protocols)) return 401;
  const rate = Number(query.get('sample_rate'));
  const known = query.get('encoding') === 'mulaw' ? rate === 8000 : query.get('encoding') === 'linear16';
  return known && rate > 0 && rate % 8000 === 0 && query.get('model') ? undefined : 400;
}

function listeningOptions(
  query: URLSearchParams,
  random: Random,
  script?: TranscriptScript,
): ListeningOptions {
  const endpointing = query.get('endpointing');
  const utteranceEnd = query.get('utterance_end_ms');
  return {
    encoding: query.get('encoding') === 'mulaw' ? 'mulaw' : 'linear16',
    sampleRate: Number(query.get('sample_rate')),
    interimResults: query.get('interim_results') === 'true',
    endpointingMs: endpointing === 'false' ? undefined : Number(endpointing ?? 10) || 10,
    utteranceEndMs: utteranceEnd === null ? undefined : Number(utteranceEnd),
    random,
    speech: script?.speech,
  };
}

/**
 * How long after its audio a transcript comes; undefined: as usual.
 *
 * @param arrivedSeconds - of the stream: more than was listened to, within a frame
 */
function scriptedMs(
  heard: Heard,
  script: TranscriptScript | undefined,
  arrivedSeconds: number,
): number | undefined {
  if (heard.kind !== 'results' || !heard.speechFinal || heard.utterance === undefined) return undefined;
  const ms = script?.finalMs(heard.utterance);
  const spokenUntil = heard.words.at(-1)?.end;
  if (ms === undefined || spokenUntil === undefined) return undefined;
  return Math.max(0, ms - (arrivedSeconds - spokenUntil) * 1_000);
}

interface Connection {
  readonly ws: WebSocket;
  readonly query: URLSearchParams;
  readonly requestId: string;
  readonly random: Random;
  readonly processingMs: Range;
  readonly idleMs: number;
  readonly cutAfter: number | undefined;
  readonly script: TranscriptScript | undefined;
  readonly record: (event: Untimed<DeepgramTruth>) => void;
}

function serve({
  ws,
  query,
  requestId,
  random,
  processingMs,
  idleMs,
  cutAfter,
  script,
  record,
}: Connection): void {
  const created = new Date().toISOString();
  const modelUuid = random.uuid();
  let closedBy: 'client' | 'server' | 'cut' = 'client';
  let sent = 0;

  const send = (message: DeepgramMessage): void => {
    if (ws.readyState !== ws.OPEN) return;
    if (cutAfter !== undefined && sent >= cutAfter) {
      closedBy = 'cut';
      ws.terminate();
      return;
    }
    sent++;
    ws.send(JSON.stringify(message));
    record({ kind: 'sent', requestId, message });
  };
  const sequence = new Sequence(random, processingMs);
  let arrivedSeconds = 0;

  const describe = (heard: Heard): DeepgramMessage | undefined => {
    switch (heard.kind) {
      case 'speech_started':
        if (query.get('vad_events') !== 'true') return undefined;
        return { type: 'SpeechStarted', channel: [0], timestamp: rounded(heard.atSeconds) };
      case 'utterance_end':
        return { type: 'UtteranceEnd', channel: [0, 1], last_word_end: rounded(heard.lastWordEnd) };
      case 'results': {
        const punctuate = query.get('punctuate') === 'true' || query.get('smart_format') === 'true';
        const words = heard.words.map(({ word, start, end }) => ({
          word: plain(word),
          start: rounded(start),
          end: rounded(end),
          confidence: heard.isFinal ? 0.99 : 0.9,
          ...(punctuate && { punctuated_word: word }),
        }));
        const transcript = heard.words.map(({ word }) => (punctuate ? word : plain(word))).join(' ');
        const confidence = words.length > 0 ? (heard.isFinal ? 0.99 : 0.9) : 0;
        return {
          type: 'Results',
          channel_index: [0, 1],
          start: rounded(heard.start),
          duration: rounded(heard.duration),
          is_final: heard.isFinal,
          speech_final: heard.speechFinal,
          from_finalize: heard.fromFinalize,
          channel: { alternatives: [{ transcript, confidence, words }] },
          metadata: {
            request_id: requestId,
            model_uuid: modelUuid,
            model_info: { name: query.get('model') ?? '', version: '2026-01-01.0', arch: 'nova-3' },
          },
        };
      }
    }
    return heard satisfies never;
  };

  const listener = new Listener(listeningOptions(query, random, script), (heard) => {
    const message = describe(heard);
    if (!message) return;
    sequence.later(
      () => {
        if (heard.kind === 'results' && heard.utterance !== undefined) script?.onHeard(heard.utterance);
        send(message);
      },
      scriptedMs(heard, script, arrivedSeconds),
    );
  });
  const finish = (code: number, reason: string): void => {
    listener.finalize(false);
    sequence.later(() => {
      const duration = rounded(listener.audioSeconds);
      const ids = {
        transaction_key: 'deprecated',
        request_id: requestId,
        sha256: requestId.replaceAll('-', ''),
      };
      send({ type: 'Metadata', ...ids, created, duration, channels: 1 });
      if (closedBy !== 'cut') closedBy = 'server';
      ws.close(code, reason);
    });
  };
  const idle = setTimeout(() => finish(1011, 'NET-0001'), idleMs);

  const onControl = (text: string): void => {
    const type = String((JSON.parse(text) as { type?: unknown }).type);
    record({ kind: 'received', requestId, type });
    if (type === 'Finalize') listener.finalize(true);
    else if (type === 'CloseStream') finish(1000, '');
  };
  let heardAudio = false;
  const bytesPerSecond = Number(query.get('sample_rate')) * (query.get('encoding') === 'mulaw' ? 1 : 2);
  ws.on('message', (data: RawData, isBinary: boolean) => {
    idle.refresh();
    const bytes = data as Buffer;
    if (!isBinary) {
      try {
        onControl(bytes.toString('utf8'));
      } catch {
        ws.close(1008, 'DATA-0000');
      }
      return;
    }
    if (!heardAudio) {
      record({ kind: 'first_audio', requestId });
      script?.onListening();
    }
    heardAudio = true;
    arrivedSeconds += bytes.length / bytesPerSecond;
    listener.push(bytes);
  });
  ws.on('error', () => {});
  ws.on('close', () => {
    clearTimeout(idle);
    sequence.stop();
    record({ kind: 'closed', requestId, audioSeconds: listener.audioSeconds, by: closedBy });
  });
}
