import type * as Agents from '@livekit/agents';
import { AudioFrame } from '@livekit/rtc-node';
import { nowMs } from '../../../instrumentation/call/clock.ts';

/** What a model did, as it knows itself. Milliseconds since 1970. */
export interface ModelTruth {
  readonly startMs: number;
  firstByteMs?: number;
  endMs?: number;
  /** llm: the answer; tts: what was spoken. */
  readonly text: string;
}

/** What the model answers to the last message: words, a tool call, or both. */
export interface Answer {
  readonly text?: string;
  readonly tool?: { readonly name: string; readonly args: object };
  /** Refuses with this HTTP status instead. */
  readonly status?: number;
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Of every answer, so that costs are exact. */
export const TOKENS = { promptTokens: 100, completionTokens: 20, promptCachedTokens: 40, totalTokens: 120 };
const FIRST_TOKEN_MS = 150;
const FIRST_AUDIO_MS = 100;
/** Seconds of audio for each character. */
const SECONDS_A_CHARACTER = 0.05;

const NO_RETRY = { maxRetry: 0, retryIntervalMs: 0, timeoutMs: 10_000 };

type Script = (lastMessage: string, role: string) => Answer;

/** A model that answers by a script: first token after 150 ms, the rest 50 ms later. */
export function createLlm(agents: typeof Agents, script: Script): Agents.llm.LLM & { truth: ModelTruth[] } {
  class ScriptedStream extends agents.llm.LLMStream {
    readonly #answer: Answer;
    readonly #truth: ModelTruth;
    constructor(llm: ScriptedLlm, options: Parameters<Agents.llm.LLM['chat']>[0], answer: Answer) {
      super(llm as never, { connOptions: NO_RETRY, ...options } as never);
      this.#answer = answer;
      this.#truth = { startMs: nowMs(), text: answer.text ?? '' };
      llm.truth.push(this.#truth);
    }
    protected override async run(): Promise<void> {
      const { text, tool, status } = this.#answer;
      const id = `answer-${this.#truth.startMs}`;
      await pause(FIRST_TOKEN_MS);
      if (status !== undefined)
        throw new agents.APIStatusError({
          message: 'refused',
          options: { statusCode: status, retryable: false },
        });
      this.#truth.firstByteMs = nowMs();
      if (text) this.queue.put({ id, delta: { role: 'assistant', content: text } } as never);
      if (tool) {
        const call = agents.llm.FunctionCall.create({
          callId: `call-${this.#truth.startMs}`,
          name: tool.name,
          args: JSON.stringify(tool.args),
        });
        this.queue.put({ id, delta: { role: 'assistant', toolCalls: [call] } } as never);
      }
      await pause(50);
      this.queue.put({ id, usage: TOKENS } as never);
      this.#truth.endMs = nowMs();
    }
  }
  class ScriptedLlm extends agents.llm.LLM {
    readonly truth: ModelTruth[] = [];
    override label(): string {
      return 'openai.LLM';
    }
    override get model(): string {
      return 'gpt-4o-mini';
    }
    override get provider(): string {
      return 'api.openai.com';
    }
    override chat(options: Parameters<Agents.llm.LLM['chat']>[0]): Agents.llm.LLMStream {
      const last = options.chatCtx.items.at(-1) as unknown as Record<string, unknown> | undefined;
      const said = String(last?.textContent ?? last?.output ?? '');
      return new ScriptedStream(this, options, script(said, String(last?.role ?? last?.type))) as never;
    }
  }
  return new ScriptedLlm();
}

/** A voice that takes a sentence at a time: first audio after 100 ms, all of it at once. */
export function createTts(agents: typeof Agents): Agents.tts.TTS & { truth: ModelTruth[] } {
  class Tone extends agents.tts.ChunkedStream {
    label = 'cartesia.ChunkedStream';
    readonly #truth: ModelTruth;
    constructor(tts: ToneTts, ...[text, options, signal]: Parameters<Agents.tts.TTS['synthesize']>) {
      super(text, tts as never, options, signal);
      this.#truth = { startMs: nowMs(), text };
      tts.truth.push(this.#truth);
    }
    protected override async run(): Promise<void> {
      await pause(FIRST_AUDIO_MS);
      this.#truth.firstByteMs = nowMs();
      const samples = Math.round(this.inputText.length * SECONDS_A_CHARACTER * 24_000);
      this.queue.put({
        requestId: 'tone',
        segmentId: 'tone',
        frame: new AudioFrame(new Int16Array(samples), 24_000, 1, samples) as never,
        final: true,
      });
      this.#truth.endMs = nowMs();
      this.queue.close();
    }
  }
  class ToneTts extends agents.tts.TTS {
    label = 'cartesia.TTS';
    readonly truth: ModelTruth[] = [];
    constructor() {
      super(24_000, 1, { streaming: false });
    }
    override get provider(): string {
      return 'Cartesia';
    }
    override get model(): string {
      return 'sonic-3';
    }
    synthesize(...args: Parameters<Agents.tts.TTS['synthesize']>): Agents.tts.ChunkedStream {
      return new Tone(this, ...args) as never;
    }
    stream(): Agents.tts.SynthesizeStream {
      throw new Error('does not stream');
    }
    override async close(): Promise<void> {}
  }
  return new ToneTts();
}

/** Loud samples after which words are understood, and silent ones after which they are final. */
const WORDS_MS = 200;
const FINAL_MS = 150;

export interface ScriptedStt extends Agents.stt.STT {
  /** What is understood of the utterances to come, one each. */
  readonly transcripts: string[];
  /** When they became words, and when they were final. */
  readonly truth: { firstTextMs: number; finalTextMs?: number }[];
}

/** Understands what it is told to, when it hears something loud. Reports two seconds of audio with each utterance. */
export function createStt(agents: typeof Agents): ScriptedStt {
  const { INTERIM_TRANSCRIPT, FINAL_TRANSCRIPT, RECOGNITION_USAGE } = agents.stt.SpeechEventType;
  class ScriptedStream extends agents.stt.SpeechStream {
    label = 'deepgram.SpeechStream';
    readonly #stt: Scripted;
    constructor(stt: Scripted) {
      super(stt as never, 8_000);
      this.#stt = stt;
    }
    protected override async run(): Promise<void> {
      let [loudMs, silentMs, text]: [number, number, string | undefined] = [0, 0, undefined];
      for await (const frame of this.input as unknown as AsyncIterable<AudioFrame | symbol>) {
        if (typeof frame === 'symbol') continue;
        const ms = (frame.samplesPerChannel / frame.sampleRate) * 1_000;
        const loud = frame.data.some((sample) => Math.abs(sample) > 512);
        // Whatever is said beyond the words that it was told is noise.
        const listens = text !== undefined || this.#stt.transcripts.length > 0;
        loudMs = !listens ? 0 : loud ? loudMs + ms : loudMs;
        silentMs = loud ? 0 : silentMs + ms;
        const tell = (type: Agents.stt.SpeechEventType, words: string): void =>
          this.queue.put({
            type,
            alternatives: [{ language: 'en', text: words, startTime: 0, endTime: 0, confidence: 1 }],
          } as never);
        if (text === undefined && loudMs >= WORDS_MS) {
          text = this.#stt.transcripts.shift() ?? '';
          this.#stt.truth.push({ firstTextMs: nowMs() });
          tell(INTERIM_TRANSCRIPT, text);
        } else if (text !== undefined && silentMs >= FINAL_MS) {
          Object.assign(this.#stt.truth.at(-1) ?? {}, { finalTextMs: nowMs() });
          tell(FINAL_TRANSCRIPT, text);
          this.queue.put({ type: RECOGNITION_USAGE, recognitionUsage: { audioDuration: 2 } } as never);
          text = undefined;
          loudMs = 0;
        }
      }
    }
  }
  class Scripted extends agents.stt.STT {
    label = 'deepgram.STT';
    readonly transcripts: string[] = [];
    readonly truth: { firstTextMs: number; finalTextMs?: number }[] = [];
    constructor() {
      super({ streaming: true, interimResults: true } as never);
    }
    override get provider(): string {
      return 'Deepgram';
    }
    override get model(): string {
      return 'nova-3';
    }
    protected override async _recognize(): Promise<never> {
      throw new Error('streams only');
    }
    override stream(): Agents.stt.SpeechStream {
      return new ScriptedStream(this) as never;
    }
  }
  return new Scripted() as never;
}
