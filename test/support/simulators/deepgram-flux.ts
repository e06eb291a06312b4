import type { RawData, WebSocket } from 'ws';
import { Faults } from '../../../demo/simulators/fault.ts';
import { type Heard, Listener } from '../../../demo/simulators/listening.ts';
import { createRandom, type Range } from '../../../demo/simulators/random.ts';
import { Sequence } from '../../../demo/simulators/sequence.ts';
import {
  listenOnLoopback,
  recorder,
  type Simulator,
  type SimulatorOptions,
} from '../../../demo/simulators/server.ts';
import type { SpokenWord } from '../../../demo/speech.ts';

/** A `TurnInfo` of live listen v2. */
export interface FluxTurnInfo {
  readonly type: 'TurnInfo';
  readonly request_id: string;
  readonly sequence_id: number;
  readonly event: 'StartOfTurn' | 'Update' | 'EagerEndOfTurn' | 'TurnResumed' | 'EndOfTurn';
  readonly turn_index: number;
  readonly audio_window_start: number;
  readonly audio_window_end: number;
  readonly transcript: string;
  readonly words: readonly {
    readonly word: string;
    readonly confidence: number;
    readonly start?: number;
    readonly end?: number;
  }[];
  readonly end_of_turn_confidence: number;
  readonly trigger?: 'model' | 'manual';
}

/** What happened on one connection of the Flux simulator. */
export type FluxTruth = { readonly atMicros: number; readonly requestId: string } & (
  | { readonly kind: 'opened'; readonly query: Readonly<Record<string, string>> }
  | { readonly kind: 'refused'; readonly status: number }
  | { readonly kind: 'sent'; readonly message: FluxTurnInfo }
  | { readonly kind: 'closed'; readonly audioSeconds: number }
);

/** How the Flux simulator behaves. */
export interface FluxOptions extends SimulatorOptions {
  /** From the audio that causes a message to the message, in milliseconds. (Default: 20 to 70.) */
  readonly processingMs?: Range;
  /** Silence after which a turn seems to be over, when eager ends are asked for. (Default: 200 ms.) */
  readonly eagerMs?: number;
  /** Silence after which it is. (Default: 600 ms.) */
  readonly endMs?: number;
  /** Words say where they lie in the audio, which the service did not always tell. (Default: true.) */
  readonly wordTimes?: boolean;
}

/** A running Flux simulator. */
export interface FluxSimulator extends Simulator<FluxTruth> {
  readonly wsUrl: string;
  readonly faults: Faults;
}

/** `Update` comes about so often, whether or not someone speaks. In seconds of audio. */
const UPDATE_SECONDS = 0.25;

/**
 * Starts a server that speaks Deepgram's live listen v2 (`/v2/listen`) for mulaw and linear16 audio. It recognises the
 * recordings of demo/speech by their audio; other sounds are heard as silence.
 */
export async function startFluxSimulator(options: FluxOptions = {}): Promise<FluxSimulator> {
  const { seed = 1 } = options;
  const truth: FluxTruth[] = [];
  const faults = new Faults();
  let connections = 0;
  const server = await listenOnLoopback({
    onRequest: (_, response) => response.writeHead(404).end(),
    onUpgrade: ({ request, url, accept, refuse }) => {
      const random = createRandom(seed, `flux:${++connections}`);
      const requestId = random.uuid();
      const record = recorder(truth);
      const { pathname, searchParams: query } = url;
      const fault = faults.take();
      const refused = fault?.kind === 'status' ? fault.status : refusal(pathname, query, request.headers);
      if (refused !== undefined) {
        record({ kind: 'refused', requestId, status: refused });
        return refuse(refused);
      }
      accept((ws) => {
        record({ kind: 'opened', requestId, query: Object.fromEntries(query) });
        const sequence = new Sequence(random, options.processingMs ?? [20, 70]);
        const cutAfter = fault?.kind === 'cut' ? fault.afterChunks : Number.POSITIVE_INFINITY;
        let sent = 0;
        const send = (message: object): void => {
          if (ws.readyState !== ws.OPEN) return;
          if (sent >= cutAfter) {
            ws.terminate();
            return;
          }
          const complete = { request_id: requestId, sequence_id: sent++, ...message };
          ws.send(JSON.stringify(complete));
          if ((complete as { type?: unknown }).type === 'TurnInfo')
            record({ kind: 'sent', requestId, message: complete as unknown as FluxTurnInfo });
        };
        const heard = new FluxTurns(query, options, random, (message) => sequence.later(() => send(message)));
        send({ type: 'Connected' });
        serve(ws, heard, (finish) => sequence.later(finish));
        ws.on('close', () => {
          sequence.stop();
          record({ kind: 'closed', requestId, audioSeconds: heard.audioSeconds });
        });
      });
    },
  });
  return {
    ...server,
    truth,
    faults,
  };
}

function refusal(
  pathname: string,
  query: URLSearchParams,
  headers: { readonly authorization?: string | undefined },
): number | undefined {
  if (pathname !== '/v2/listen') return 404;
  if (!/^(token|bearer) ./i.test(headers.authorization ?? '')) return 401;
  const rate = Number(query.get('sample_rate'));
  const known = query.get('encoding') === 'mulaw' ? rate === 8000 : query.get('encoding') === 'linear16';
  return known && rate > 0 && rate % 8000 === 0 && /^flux-/.test(query.get('model') ?? '') ? undefined : 400;
}

function serve(ws: WebSocket, turns: FluxTurns, later: (finish: () => void) => void): void {
  ws.on('message', (data: RawData, isBinary: boolean) => {
    if (isBinary) return turns.push(data as Buffer);
    const message = JSON.parse(String(data)) as { type?: unknown; thresholds?: object };
    if (message.type === 'CloseStream') later(() => ws.close(1000));
    else if (message.type === 'ForceEndTurn') turns.force();
    else if (message.type === 'Configure') turns.configured(message);
  });
  ws.on('error', () => {});
}

/** The turns of one connection. */
class FluxTurns {
  readonly #listener: Listener;
  readonly #send: (message: object) => void;
  readonly #eager: boolean;
  readonly #endSeconds: number;
  readonly #wordTimes: boolean;
  #turnIndex = 0;
  #windowStart = 0;
  #nextUpdate = UPDATE_SECONDS;
  #state: 'initial' | 'ongoing' | 'awaiting' = 'initial';
  #finalWords: SpokenWord[] = [];
  #interimWords: readonly SpokenWord[] = [];
  #speaking = false;

  constructor(
    query: URLSearchParams,
    { eagerMs = 200, endMs = 600, wordTimes = true }: FluxOptions,
    random: ReturnType<typeof createRandom>,
    send: (message: object) => void,
  ) {
    this.#send = send;
    this.#eager = query.has('eager_eot_threshold');
    this.#endSeconds = endMs / 1000;
    this.#wordTimes = wordTimes;
    this.#listener = new Listener(
      {
        encoding: query.get('encoding') === 'mulaw' ? 'mulaw' : 'linear16',
        sampleRate: Number(query.get('sample_rate')),
        interimResults: true,
        endpointingMs: eagerMs,
        utteranceEndMs: undefined,
        random,
      },
      (heard) => this.#hear(heard),
    );
  }

  get audioSeconds(): number {
    return this.#listener.audioSeconds;
  }

  push(bytes: Uint8Array): void {
    this.#listener.push(bytes);
    const lastWordEnd = this.#words.at(-1)?.end;
    const quiet = this.#state !== 'initial' && !this.#speaking && lastWordEnd !== undefined;
    if (quiet && this.audioSeconds - lastWordEnd >= this.#endSeconds) this.#end('model');
    else if (this.audioSeconds >= this.#nextUpdate) this.#tell('Update');
  }

  force(): void {
    this.#listener.finalize(true);
    if (this.#state !== 'initial') this.#end('manual');
  }

  configured({ thresholds = {} }: { thresholds?: object }): void {
    this.#send({ type: 'ConfigureSuccess', thresholds, keyterms: [] });
  }

  get #words(): readonly SpokenWord[] {
    return [...this.#finalWords, ...this.#interimWords];
  }

  #hear(heard: Heard): void {
    if (heard.kind === 'speech_started') {
      this.#speaking = true;
      return;
    }
    if (heard.kind !== 'results') return;
    if (heard.isFinal) this.#finalWords.push(...heard.words);
    this.#interimWords = heard.isFinal ? [] : heard.words;
    if (heard.speechFinal) this.#speaking = false;
    if (heard.words.length === 0) return;
    if (this.#state === 'initial') {
      this.#state = 'ongoing';
      this.#tell('StartOfTurn');
    } else if (this.#state === 'awaiting') {
      this.#state = 'ongoing';
      this.#tell('TurnResumed');
    }
    if (heard.speechFinal && this.#eager) {
      this.#state = 'awaiting';
      this.#tell('EagerEndOfTurn');
    }
  }

  #end(trigger: 'model' | 'manual'): void {
    this.#tell('EndOfTurn', { trigger });
    this.#turnIndex++;
    this.#windowStart = this.audioSeconds;
    this.#state = 'initial';
    this.#finalWords = [];
    this.#interimWords = [];
  }

  #tell(event: FluxTurnInfo['event'], more: object = {}): void {
    this.#nextUpdate = this.audioSeconds + UPDATE_SECONDS;
    const words = this.#words;
    this.#send({
      type: 'TurnInfo',
      event,
      turn_index: this.#turnIndex,
      audio_window_start: this.#windowStart,
      audio_window_end: this.audioSeconds,
      transcript: words.map(({ word }) => word).join(' '),
      words: words.map(({ word, start, end }) => ({
        word,
        confidence: 0.98,
        ...(this.#wordTimes && { start, end }),
      })),
      end_of_turn_confidence: event === 'EndOfTurn' ? 0.9 : event === 'EagerEndOfTurn' ? 0.5 : 0.1,
      ...more,
    });
  }
}
