import type { RawData, WebSocket } from 'ws';
import { nowMicros } from '../../../demo/now.ts';
import { type Heard, Listener } from '../../../demo/simulators/listening.ts';
import type { Random, Range } from '../../../demo/simulators/random.ts';
import { delay, type SimulatorOptions, type Untimed } from '../../../demo/simulators/server.ts';
import { type RawEncoding, SAMPLE_BYTES, synthesize } from '../../../demo/simulators/voice.ts';

/** What happened on one connection of the voice agent simulator. */
export type DeepgramAgentTruth = { readonly atMicros: number } & (
  | { readonly kind: 'opened' }
  | { readonly kind: 'settings'; readonly settings: AgentSettings }
  | { readonly kind: 'user_started' }
  /** The user's words were taken for complete; `silentMicros` is when the user fell silent. */
  | { readonly kind: 'user_said'; readonly text: string; readonly silentMicros: number }
  /** The model was asked, and gave its first words. */
  | { readonly kind: 'thought'; readonly askedMicros: number }
  | { readonly kind: 'first_audio'; readonly text: string }
  | { readonly kind: 'spoken'; readonly audioSeconds: number }
  | { readonly kind: 'cut_off'; readonly audioSeconds: number }
  | { readonly kind: 'function_result'; readonly id: string }
  | { readonly kind: 'closed' }
);

export interface AgentSettings {
  readonly experimental?: boolean;
  readonly audio?: {
    readonly input?: { readonly encoding: string; readonly sample_rate: number };
    readonly output?: { readonly encoding?: string; readonly sample_rate?: number };
  };
  readonly agent?: { readonly greeting?: string };
}

/** What the model of the simulator makes of the user's words: sentences, or a function that it wants called. */
export type AgentAnswer = readonly string[] | { readonly call: string; readonly clientSide: boolean };

/** How the voice agent simulator behaves. */
export interface DeepgramAgentOptions extends SimulatorOptions {
  /** (Default: one sentence.) After a function was called it is asked again, with the result. */
  readonly answer?: (words: string) => AgentAnswer;
  /** Silence that ends what the user says, in milliseconds. (Default: 300.) */
  readonly endpointingMs?: number;
  /** From the request to the first words, in milliseconds. (Default: 60 to 120.) */
  readonly modelMs?: Range;
  /** From the first words to the first audio, in milliseconds. (Default: 40 to 80.) */
  readonly synthesisMs?: Range;
  /** How many times faster than speech the audio is made; `Infinity` is all at once. (Default: 10.) */
  readonly speed?: number;
  /** The report about each reply. (Default: true.) */
  readonly latencyReport?: boolean;
  /** The service sends this code instead of speaking, once. */
  readonly errors?: string[];
}
const ENCODINGS: Readonly<Record<string, RawEncoding>> = {
  linear16: 'pcm_s16le',
  mulaw: 'pcm_mulaw',
  alaw: 'pcm_alaw',
};
const DEFAULT_INPUT = { encoding: 'linear16', sample_rate: 24_000 };
const CHUNK_SECONDS = 0.1;

interface AgentSessionInit {
  readonly options: DeepgramAgentOptions;
  readonly random: Random;
  readonly record: (event: Untimed<DeepgramAgentTruth>) => void;
  /** The connection breaks after so many pieces of audio. */
  readonly cutAfter: number;
}

export class AgentSession {
  readonly #ws: WebSocket;
  readonly #init: AgentSessionInit;
  #settings: AgentSettings = {};
  #listener: Listener | undefined;
  #words: string[] = [];
  #reply = new AbortController();
  #speaking = false;
  #sent = 0;
  /** Audio of the user that has arrived. */
  #arrivedSeconds = 0;
  #asked = '';
  #silentMicros: number | undefined;

  constructor(ws: WebSocket, init: AgentSessionInit) {
    this.#ws = ws;
    this.#init = init;
  }

  start(): void {
    const { record, random } = this.#init;
    record({ kind: 'opened' });
    this.#send({ type: 'Welcome', request_id: random.uuid() });
    this.#ws.on('message', (data: RawData, isBinary: boolean) => {
      if (isBinary) this.#push(data as Buffer);
      else this.#control(JSON.parse(String(data)) as Record<string, unknown>);
    });
    this.#ws.on('error', () => {});
    this.#ws.on('close', () => {
      this.#reply.abort();
      record({ kind: 'closed' });
    });
  }

  #push(frame: Buffer): void {
    const { encoding, sample_rate } = this.#settings.audio?.input ?? DEFAULT_INPUT;
    this.#arrivedSeconds += frame.length / sample_rate / (encoding === 'mulaw' ? 1 : 2);
    this.#listener?.push(frame);
  }

  #send(message: object): void {
    if (this.#ws.readyState === this.#ws.OPEN) this.#ws.send(JSON.stringify(message));
  }

  #control(message: Record<string, unknown>): void {
    switch (message.type) {
      case 'Settings':
        this.#configure(message as AgentSettings);
        break;
      case 'InjectAgentMessage':
        if (this.#speaking)
          this.#send({ type: 'InjectionRefused', message: 'The agent or the user is speaking.' });
        else void this.#speak([String(message.message)], this.#begin(), undefined);
        break;
      case 'InjectUserMessage':
        this.#userSaid(String(message.content), undefined);
        break;
      case 'FunctionCallResponse':
        this.#init.record({ kind: 'function_result', id: String(message.id) });
        void this.#think(`${this.#asked} ${String(message.content)}`);
        break;
      case 'UpdateThink':
        this.#send({ type: 'ThinkUpdated' });
        break;
      case 'UpdateSpeak':
        this.#send({ type: 'SpeakUpdated' });
        break;
      default:
        break;
    }
  }

  #configure(settings: AgentSettings): void {
    const { record, random, options } = this.#init;
    this.#settings = settings;
    record({ kind: 'settings', settings });
    const input = settings.audio?.input ?? DEFAULT_INPUT;
    this.#listener = new Listener(
      {
        encoding: input.encoding === 'mulaw' ? 'mulaw' : 'linear16',
        sampleRate: input.sample_rate,
        interimResults: false,
        endpointingMs: options.endpointingMs ?? 300,
        utteranceEndMs: undefined,
        random,
      },
      (heard) => this.#hear(heard),
    );
    this.#send({ type: 'SettingsApplied' });
    const greeting = settings.agent?.greeting;
    if (greeting) void this.#speak([greeting], this.#begin(), undefined);
  }

  #hear(heard: Heard): void {
    if (heard.kind === 'speech_started') {
      this.#init.record({ kind: 'user_started' });
      this.#reply.abort();
      this.#send({ type: 'UserStartedSpeaking' });
    } else if (heard.kind === 'results' && heard.isFinal) {
      this.#words.push(...heard.words.map(({ word }) => word));
      if (!heard.speechFinal) return;
      const end = heard.words.at(-1)?.end;
      // All of the frame is here by now, of which the listener may have heard only the beginning.
      const sinceSilence = this.#arrivedSeconds - (end ?? 0);
      const said = this.#words.join(' ');
      this.#words = [];
      if (said !== '') this.#userSaid(said, nowMicros() - Math.round(sinceSilence * 1e6));
    }
  }

  #userSaid(words: string, silentMicros: number | undefined): void {
    this.#silentMicros = silentMicros;
    this.#asked = words;
    this.#send({ type: 'ConversationText', role: 'user', content: words });
    this.#init.record({ kind: 'user_said', text: words, silentMicros: silentMicros ?? nowMicros() });
    void this.#think(words);
  }

  /** Whatever is being said is not said any more. */
  #begin(): AbortSignal {
    this.#reply.abort();
    this.#reply = new AbortController();
    return this.#reply.signal;
  }

  async #think(words: string): Promise<void> {
    const { options, random, record } = this.#init;
    const signal = this.#begin();
    const askedMicros = nowMicros();
    await delay(random.between(...(options.modelMs ?? [60, 120])), signal);
    if (signal.aborted) return;
    const answer = options.answer?.(words) ?? [`You said: ${words}`];
    record({ kind: 'thought', askedMicros });
    if ('call' in answer) {
      const call = { id: `call_${random.uuid().slice(0, 8)}`, name: answer.call, arguments: '{}' };
      this.#send({ type: 'FunctionCallRequest', functions: [{ ...call, client_side: answer.clientSide }] });
      if (answer.clientSide) return;
      await delay(30, signal);
      this.#send({ type: 'FunctionCallResponse', id: call.id, name: call.name, content: 'done' });
      return this.#think(`${words} done`);
    }
    await this.#speak(answer, signal, askedMicros);
  }

  async #speak(
    sentences: readonly string[],
    signal: AbortSignal,
    askedMicros: number | undefined,
  ): Promise<void> {
    const { options, random, record, cutAfter } = this.#init;
    const { speed = 10 } = options;
    const error = options.errors?.shift();
    const { encoding = 'linear16', sample_rate = 24_000 } = this.#settings.audio?.output ?? {};
    const raw = ENCODINGS[encoding] ?? 'pcm_mulaw';
    const bytesPerSecond = sample_rate * SAMPLE_BYTES[raw];
    const size = bytesPerSecond * CHUNK_SECONDS;
    const wordsMicros = nowMicros();
    const silentMicros = this.#silentMicros;
    this.#silentMicros = undefined;
    let report: object = {};
    let bytes = 0;
    this.#speaking = true;
    for (const [index, sentence] of sentences.entries()) {
      this.#send({ type: 'ConversationText', role: 'assistant', content: sentence });
      if (error) {
        this.#speaking = false;
        return this.#send({ type: 'Error', code: error, description: 'refused by the simulator' });
      }
      if (index === 0) await delay(random.between(...(options.synthesisMs ?? [40, 80])), signal);
      const audio = synthesize(sentence, raw, sample_rate);
      for (let at = 0; at < audio.length && !signal.aborted; at += size) {
        const nowUs = nowMicros();
        if (bytes === 0) {
          const seconds = (fromMicros: number | undefined) =>
            fromMicros === undefined ? undefined : (nowUs - fromMicros) / 1e6;
          const [total, tts] = [seconds(silentMicros), (nowUs - wordsMicros) / 1e6];
          const ttt = askedMicros === undefined ? undefined : (wordsMicros - askedMicros) / 1e6;
          report = { stt_latency: 0.1, ttt_token_latency: ttt, ttt_text_latency: ttt };
          report = { ...report, tts_latency: tts, total_latency: total };
          if (this.#settings.experimental && askedMicros !== undefined)
            this.#send({
              type: 'AgentStartedSpeaking',
              total_latency: total ?? tts,
              tts_latency: tts,
              ttt_latency: ttt,
            });
          record({ kind: 'first_audio', text: sentence });
        }
        if (this.#sent++ >= cutAfter) return this.#ws.terminate();
        const chunk = audio.subarray(at, at + size);
        if (this.#ws.readyState === this.#ws.OPEN) this.#ws.send(chunk);
        bytes += chunk.length;
        if (speed !== Infinity) await delay((CHUNK_SECONDS * 1000) / speed, signal);
      }
      if (signal.aborted) break;
    }
    this.#speaking = false;
    record({ kind: signal.aborted ? 'cut_off' : 'spoken', audioSeconds: bytes / bytesPerSecond });
    if (signal.aborted) return;
    this.#send({ type: 'AgentAudioDone' });
    if (askedMicros !== undefined && options.latencyReport !== false)
      this.#send({ type: 'LatencyReport', ...report });
  }
}
