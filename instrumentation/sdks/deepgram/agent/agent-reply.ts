import { appendText } from '../../../call/content.ts';
import type { Stage, StageFacts, StageResult } from '../../../call/stage.ts';
import type { Turn } from '../../../call/turn.ts';
import type { LatencyReport } from './agent-messages.ts';
import type { AgentSettings } from './agent-settings.ts';

const NO_REPORT: LatencyReport = { total: undefined, model: undefined, synthesis: undefined };

/** How a reply ended. */
export interface ReplyEnd {
  /** It was cut off: by the user, or with the connection. */
  cancelled?: boolean;
  /** It failed with this, whatever of it was going on. */
  error?: string | undefined;
  /** Only its synthesis failed. */
  synthesisError?: string | undefined;
}

/** Opens a stage of the call's where the reply has no turn. */
export type OpenStage = (kind: 'tts', facts: StageFacts, atMs: number | undefined) => Stage;

/**
 * One reply of the agent: its words, its audio, and what the service says about how long it took, which comes last. So
 * its synthesis is written when it is over; the model's request is open as long as it answers, which keeps the turn.
 * Instants are milliseconds since 1970.
 */
export class AgentReply {
  /** The request that it answers. Absent: the words are the application's own. */
  llm: Stage | undefined;
  /** The turn that it is heard in. */
  turn: Turn | undefined;
  /** Nothing more comes. */
  complete = false;
  /** The service has reported all that it reports. */
  reportedInFull = false;
  #report = NO_REPORT;
  #words: string | undefined;
  #firstWordsMs: number | undefined;
  #lastWordsMs: number | undefined;
  #firstAudioMs: number | undefined;
  #lastAudioMs: number | undefined;
  #bytes = 0;
  /** Open while it is spoken, where no request of a model is. */
  #tts: Stage | undefined;

  /** Its audio began to come. */
  get audible(): boolean {
    return this.#firstAudioMs !== undefined;
  }

  say(words: string, atMs: number): void {
    this.#words = appendText(this.#words, words);
    this.#firstWordsMs ??= atMs;
    this.#lastWordsMs = atMs;
  }

  /** Audio came. On the audio path: no allocation. */
  audio(bytes: number, atMs: number): void {
    this.#firstAudioMs ??= atMs;
    this.#lastAudioMs = atMs;
    this.#bytes += bytes;
  }

  /** What the service says later is the better figure. */
  reported({ total, model, synthesis }: LatencyReport): void {
    const { total: t, model: m, synthesis: s } = this.#report;
    this.#report = { total: total ?? t, model: model ?? m, synthesis: synthesis ?? s };
  }

  /** The instant at which the user fell silent, by the latency that the service reports; undefined when it reports none. */
  get silenceMs(): number | undefined {
    const { total } = this.#report;
    return total === undefined || this.#firstAudioMs === undefined
      ? undefined
      : this.#firstAudioMs - total * 1_000;
  }

  /** Shows at once that it is being spoken, because nothing else does. */
  openSynthesis(open: OpenStage, { tts }: AgentSettings): void {
    this.#tts ??= open('tts', tts, this.#synthesisStartMs ?? this.#firstAudioMs);
  }

  /** The model wants functions called: its request is over, and what it said belongs to it. */
  callsFunctions(request: Stage, atMs: number): void {
    request.firstByte(this.#firstWordsMs ?? atMs);
    request.end({ text: this.#words, finishReasons: ['tool_calls'], at: atMs });
    if (this.llm === request) this.llm = undefined;
  }

  /** Writes what is left to write. */
  end(open: OpenStage, settings: AgentSettings, end: ReplyEnd): void {
    this.#endModel(end);
    this.#endSynthesis(open, settings, end);
  }

  #endModel({ cancelled, error }: ReplyEnd): void {
    const { llm } = this;
    if (!llm) return;
    const firstByteMs = this.#modelFirstByteMs(llm);
    if (firstByteMs !== undefined) llm.firstByte(firstByteMs);
    const result = { text: this.#words, at: this.#lastWordsMs ?? firstByteMs };
    if (error !== undefined) llm.fail(error, result);
    else if (cancelled) llm.cancel(result);
    else llm.end(result);
  }

  #endSynthesis(
    open: OpenStage,
    settings: AgentSettings,
    { cancelled, error, synthesisError }: ReplyEnd,
  ): void {
    if (this.#firstAudioMs === undefined && synthesisError === undefined) return;
    const startMs = this.#synthesisStartMs;
    const stage = this.#tts ?? this.#openLate(open, settings.tts, startMs ?? this.#firstAudioMs);
    // Where it began is not known: then neither is how long it took to begin.
    if (startMs !== undefined && this.#firstAudioMs !== undefined) stage.firstByte(this.#firstAudioMs);
    const result = this.#synthesised(settings);
    const failure = synthesisError ?? error;
    if (failure !== undefined) stage.fail(failure, result);
    else if (cancelled) stage.cancel(result);
    else stage.end(result);
  }

  #openLate(open: OpenStage, facts: StageFacts, atMs: number | undefined): Stage {
    return this.turn ? this.turn.startStage('tts', { ...facts, at: atMs }, false) : open('tts', facts, atMs);
  }

  #synthesised({ output: { bytesPerSecond } }: AgentSettings): StageResult {
    const known = bytesPerSecond !== undefined && this.#bytes > 0;
    return {
      text: this.#words,
      ...(known && { usage: { audioSeconds: this.#bytes / bytesPerSecond } }),
      ...(this.#lastAudioMs !== undefined && { at: this.#lastAudioMs }),
    };
  }

  /** As reported, or else from the words, when they came before the audio. */
  get #synthesisStartMs(): number | undefined {
    const { synthesis } = this.#report;
    const firstAudioMs = this.#firstAudioMs;
    if (synthesis !== undefined && firstAudioMs !== undefined) return firstAudioMs - synthesis * 1_000;
    const wordsMs = this.#firstWordsMs;
    return firstAudioMs === undefined || (wordsMs !== undefined && wordsMs < firstAudioMs)
      ? wordsMs
      : undefined;
  }

  /** As reported, but no later than what was made of it. */
  #modelFirstByteMs({ startUs }: Stage): number | undefined {
    const { model } = this.#report;
    const reportedMs = model === undefined ? undefined : startUs / 1_000 + model * 1_000;
    const known = [reportedMs, this.#synthesisStartMs, this.#firstWordsMs, this.#firstAudioMs];
    const earliest = Math.min(...known.filter((ms) => ms !== undefined));
    return Number.isFinite(earliest) ? earliest : undefined;
  }
}
