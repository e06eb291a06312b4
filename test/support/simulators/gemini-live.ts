import type { WebSocket } from 'ws';
import { nowMicros } from '../../../demo/now.ts';
import { listenOnLoopback, type Simulator, sendJson } from '../../../demo/simulators/server.ts';

/** What the model answers to one utterance, or to the result of a tool. */
export interface LiveAnswer {
  readonly text: string;
  /** Seconds of audio. */
  readonly seconds: number;
  /** Ask for this tool instead. */
  readonly tool?: string;
}

/** How one session behaves. */
export interface LiveOptions {
  /** What the user says, utterance by utterance, as it is transcribed. */
  readonly heard: readonly string[];
  readonly answers: readonly LiveAnswer[];
  /** Tell the beginning and the end of speech. */
  readonly voiceActivity?: boolean;
  /** Milliseconds from the end of the utterance being noticed to the first audio. (Default: 80.) */
  readonly firstAudioMs?: number;
  /** Send usage in a message of its own, behind the one that says that the turn is complete. */
  readonly lateUsage?: boolean;
}

/** What happened. */
export type LiveTruth = { readonly atMicros: number; readonly connection: number } & (
  | { readonly kind: 'opened'; readonly setup: Readonly<Record<string, unknown>> }
  /** In seconds of audio, and when it was noticed. */
  | { readonly kind: 'speech_started'; readonly seconds: number }
  | { readonly kind: 'speech_ended'; readonly seconds: number }
  /** The answer was asked for: what follows is sent `firstAudioMs` later. */
  | { readonly kind: 'asked' }
  | { readonly kind: 'first_audio' }
  | { readonly kind: 'interrupted' }
  | { readonly kind: 'completed'; readonly usage: LiveUsage }
  | { readonly kind: 'closed' }
);

interface LiveUsage {
  readonly promptTokenCount: number;
  readonly responseTokenCount: number;
  readonly promptTokensDetails: readonly { modality: string; tokenCount: number }[];
  readonly responseTokensDetails: readonly { modality: string; tokenCount: number }[];
}

export interface GeminiLiveSimulator extends Simulator<LiveTruth> {
  /** How the sessions that are opened from now on behave. */
  behave(options: LiveOptions): void;
  /** Closes every connection with a WebSocket code. */
  drop(code: number): void;
  /** The server will soon go away: it says so on every connection. */
  goAway(): void;
}

const PATH = /^\/+ws\/google\.ai\.generativelanguage\.\w+\.GenerativeService\.BidiGenerateContent$/;
const INPUT_BYTES_PER_SECOND = 32_000;
const OUTPUT_BYTES_PER_SECOND = 48_000;
/** Silence after which an utterance is over. */
const SILENCE_SECONDS = 0.3;
const LOUD = 500;

/** Starts a server that speaks the Live API of Gemini. */
export async function startGeminiLiveSimulator(): Promise<GeminiLiveSimulator> {
  const truth: LiveTruth[] = [];
  const sessions = new Map<string, Session>();
  const open = new Set<WebSocket>();
  let options: LiveOptions = { heard: [], answers: [] };
  let connections = 0;
  const server = await listenOnLoopback({
    onRequest: (_, response) => sendJson(response, 404, {}),
    onUpgrade: ({ request, socket, accept }) => {
      const pathname = (request.url ?? '').split('?')[0] ?? '';
      if (!PATH.test(pathname)) return void socket.destroy();
      accept(begin);
    },
  });

  function begin(socket: WebSocket): void {
    const connection = connections++;
    open.add(socket);
    const record: Note = (event) =>
      void truth.push({ atMicros: nowMicros(), connection, ...event } as LiveTruth);
    const send = (message: object): void => socket.send(JSON.stringify(message));
    let session: Session | undefined;
    socket.on('message', (data) => {
      const message = JSON.parse(String(data)) as ClientMessage;
      if (message.setup) {
        const resumption = message.setup.sessionResumption as { handle?: string } | undefined;
        session = sessions.get(resumption?.handle ?? '') ?? new Session(options);
        session.connect(send, record);
        record({ kind: 'opened', setup: message.setup });
        send({ setupComplete: {} });
        const handle = `handle-${connection}`;
        if (resumption) {
          sessions.set(handle, session);
          send({ sessionResumptionUpdate: { newHandle: handle, resumable: true } });
        }
      } else session?.received(message);
    });
    socket.on('close', () => {
      open.delete(socket);
      record({ kind: 'closed' });
    });
  }
  return {
    ...server,
    truth,
    behave: (wanted) => {
      options = wanted;
    },
    drop: (code) => {
      for (const socket of open) socket.close(code, 'dropped by the simulator');
    },
    goAway: () => {
      for (const socket of open) socket.send(JSON.stringify({ goAway: { timeLeft: '1s' } }));
    },
  };
}

type Untimed<E> = E extends unknown ? Omit<E, 'atMicros' | 'connection'> : never;
type Note = (event: Untimed<LiveTruth>) => void;
interface ClientMessage {
  readonly setup?: Readonly<{ [name: string]: unknown }>;
  readonly realtimeInput?: {
    readonly audio?: { readonly data: string };
    readonly activityStart?: object;
    readonly activityEnd?: object;
  };
  readonly clientContent?: { readonly turnComplete?: boolean };
  readonly toolResponse?: object;
}

/** One conversation, which may go on over another connection. */
class Session {
  readonly #options: LiveOptions;
  #send: (message: object) => void = () => {};
  #record: Note = () => {};
  #bytes = 0;
  #utterances = 0;
  #answers = 0;
  #speechStart: number | undefined;
  #lastLoud = 0;
  #manual = false;
  #answering: NodeJS.Timeout | undefined;
  /** The answer is being played at the other end, as far as its length tells. */
  #playing: NodeJS.Timeout | undefined;

  constructor(options: LiveOptions) {
    this.#options = options;
  }

  connect(send: (message: object) => void, record: Note): void {
    this.#send = send;
    this.#record = record;
    this.#bytes = 0;
    this.#speechStart = undefined;
  }

  received({ realtimeInput, clientContent, toolResponse }: ClientMessage): void {
    if (realtimeInput?.activityStart) {
      this.#manual = true;
      this.#interrupt();
    }
    if (realtimeInput?.activityEnd) this.#heard();
    if (realtimeInput?.audio) this.#audio(Buffer.from(realtimeInput.audio.data, 'base64'));
    if (clientContent?.turnComplete || toolResponse) this.#answer();
  }

  /** Voice activity by loudness. */
  #audio(pcm: Buffer): void {
    const start = this.#bytes / INPUT_BYTES_PER_SECOND;
    this.#bytes += pcm.length;
    const end = this.#bytes / INPUT_BYTES_PER_SECOND;
    if (this.#manual) return;
    if (Math.abs(pcm.readInt16LE(0)) > LOUD) {
      if (this.#speechStart === undefined) {
        this.#speechStart = start;
        this.#record({ kind: 'speech_started', seconds: start });
        this.#activity('ACTIVITY_START', start);
        this.#interrupt();
      }
      this.#lastLoud = end;
    } else if (this.#speechStart !== undefined && end - this.#lastLoud >= SILENCE_SECONDS) {
      this.#record({ kind: 'speech_ended', seconds: this.#lastLoud });
      this.#activity('ACTIVITY_END', this.#lastLoud);
      this.#heard(this.#speechStart, this.#lastLoud);
      this.#speechStart = undefined;
    }
  }

  #activity(voiceActivityType: string, seconds: number): void {
    if (this.#options.voiceActivity)
      this.#send({ voiceActivity: { voiceActivityType, audioOffset: `${seconds.toFixed(3)}s` } });
  }

  #heard(start?: number, end?: number): void {
    const text = this.#options.heard[this.#utterances++];
    if (text !== undefined) {
      const offsets = start === undefined ? {} : { startOffset: `${start}s`, endOffset: `${end}s` };
      const timed = this.#options.voiceActivity ? {} : { words: [{ word: text, ...offsets }] };
      this.#send({ serverContent: { inputTranscription: { text, finished: true, ...timed } } });
    }
    this.#answer();
  }

  #answer(): void {
    const answer = this.#options.answers[this.#answers++];
    if (!answer) return;
    this.#record({ kind: 'asked' });
    this.#answering = setTimeout(() => this.#say(answer), this.#options.firstAudioMs ?? 80);
  }

  #say({ text, seconds, tool }: LiveAnswer): void {
    this.#answering = undefined;
    this.#record({ kind: 'first_audio' });
    if (tool) {
      this.#send({ toolCall: { functionCalls: [{ id: `call-${this.#answers}`, name: tool, args: {} }] } });
      this.#send({ usageMetadata: usage(0) });
      return;
    }
    const audio = Buffer.alloc(Math.round(seconds * OUTPUT_BYTES_PER_SECOND)).toString('base64');
    const part = { inlineData: { mimeType: 'audio/pcm;rate=24000', data: audio } };
    this.#send({ serverContent: { modelTurn: { role: 'model', parts: [part] } } });
    this.#send({ serverContent: { outputTranscription: { text } } });
    // The model assumes that its audio is heard as it comes, and completes its turn when it has been.
    this.#playing = setTimeout(() => this.#complete(seconds), seconds * 1_000);
    if (seconds < 5) this.#send({ serverContent: { generationComplete: true } });
  }

  #interrupt(): void {
    clearTimeout(this.#answering);
    if (!this.#playing) return;
    this.#record({ kind: 'interrupted' });
    this.#send({ serverContent: { interrupted: true } });
    this.#complete(1);
  }

  #complete(seconds: number): void {
    clearTimeout(this.#playing);
    this.#playing = undefined;
    const usageMetadata = usage(seconds);
    if (this.#options.lateUsage) {
      this.#send({ serverContent: { turnComplete: true } });
      this.#send({ usageMetadata });
    } else this.#send({ serverContent: { turnComplete: true }, usageMetadata });
    this.#record({ kind: 'completed', usage: usageMetadata });
  }
}

/** 25 tokens a second of audio, and a prompt of 40 of which 30 are audio. */
function usage(seconds: number): LiveUsage {
  const tokens = Math.round(seconds * 25);
  return {
    promptTokenCount: 40,
    responseTokenCount: tokens,
    promptTokensDetails: [
      { modality: 'TEXT', tokenCount: 10 },
      { modality: 'AUDIO', tokenCount: 30 },
    ],
    responseTokensDetails: [{ modality: 'AUDIO', tokenCount: tokens }],
  };
}
