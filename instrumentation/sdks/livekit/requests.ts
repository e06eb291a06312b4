import type { Call } from '../../call/call.ts';
import { instantUs, nowMs } from '../../call/clock.ts';
import type { StageFacts } from '../../call/stage.ts';
import { at, type Foreign } from '../kit/patch.ts';
import { pluginFacts, type ReportedStage, readStage, readTranscription } from './metrics.ts';
import type { LiveKitTurns } from './turns.ts';

/** Seconds of transcription that are reported together. A crash loses no more than that. */
const TRANSCRIPTION_SECONDS = 60;
const MAX_UNCLAIMED = 16;
/** LiveKit notes the creation of a reply after the model has begun it. */
const TOLERANCE_MS = 50;
const FAILING: Readonly<Record<string, ReportedStage['kind']>> = {
  llm_error: 'llm',
  realtime_model_error: 'llm',
  tts_error: 'tts',
  stt_error: 'stt',
};

/** What LiveKit's metrics and errors tell of the requests of a session, each of which is told once. */
export class LiveKitRequests {
  readonly #call: Call;
  readonly #turns: LiveKitTurns;
  readonly #model: (kind: 'llm' | 'stt' | 'tts') => unknown;
  /** Transcription since it was last recorded. */
  #used: { facts: StageFacts; seconds: number; inputTokens: number; outputTokens: number } | undefined;
  /** Speech-to-speech answers that are over before it is known which reply speaks them. */
  #unclaimed: ReportedStage[] = [];
  /** Kinds of which a failure was told whose metrics may still come. */
  readonly #failed = new Set<ReportedStage['kind']>();

  /** @param model What the agent that speaks uses at present. */
  constructor(call: Call, turns: LiveKitTurns, model: (kind: 'llm' | 'stt' | 'tts') => unknown) {
    this.#call = call;
    this.#turns = turns;
    this.#model = model;
  }

  /** The metrics of one request, or of transcription. `replyId`: what it is part of. */
  reported(metrics: Foreign, replyId: string | undefined): void {
    const transcription = readTranscription(metrics);
    const stage = readStage(metrics);
    if (transcription) this.#transcribed(transcription);
    else if (metrics.type === 'realtime_model_metrics' && stage) {
      if (this.#unclaimed.length >= MAX_UNCLAIMED) this.#claimByTime();
      const facts = { ...stage.facts, ...pluginFacts(this.#model('llm')) };
      this.#unclaimed.push({ ...stage, facts });
    }
    // A voice that cannot stream is asked sentence by sentence, and the adapter above reports the whole once more.
    else if (stage && !this.#isTold(stage) && (stage.streamed !== true || this.#voiceStreams()))
      this.#turns.stage(replyId, stage);
  }

  /** What LiveKit does not try again. It is reported instead of the metrics of the request, or before them. */
  failed({ type, error, recoverable }: Foreign, speaking: string | undefined): void {
    const kind = FAILING[String(type)];
    if (kind === undefined || recoverable === true) return;
    this.#failed.add(kind);
    const now = nowMs();
    const replyId = kind === 'stt' ? undefined : (speaking ?? this.#replyAt(now));
    const { replies } = this.#turns;
    const createdUs = replies.createdUs(replyId);
    // When it was made is not told: not before its reply was.
    const startMs = createdUs === undefined ? now : createdUs / 1_000;
    const owner = kind === 'stt' ? this.#call : replies.ownerOf(replyId);
    owner
      .startStage(kind, { ...pluginFacts(this.#model(kind)), at: startMs })
      .fail(error ?? '_OTHER', { at: now });
  }

  /** The reply is over: answers that were begun with it are its own. */
  replyDone(replyId: string): void {
    for (const answer of this.#unclaimed.filter(({ startMs }) => this.#replyAt(startMs) === replyId))
      this.#claim(answer, replyId);
  }

  /** The provider's ids of what the reply that is being spoken was made of. */
  spoken(responseIds: readonly unknown[], replyId: string | undefined): void {
    for (const id of responseIds) {
      const answer = this.#unclaimed.find(({ responseId }) => responseId === id);
      if (answer && replyId !== undefined) this.#claim(answer, replyId);
    }
  }

  /** The session is about to end: whatever is not claimed is claimed by time. */
  ending(): void {
    this.#claimByTime();
  }

  /** The session is over. */
  end(): void {
    this.#recordTranscription();
  }

  /** The request that gave nothing and whose failure was reported is not reported again. */
  #isTold({ kind, gaveNothing }: ReportedStage): boolean {
    return gaveNothing && this.#failed.delete(kind);
  }

  #transcribed({ facts, usage }: NonNullable<ReturnType<typeof readTranscription>>): void {
    const before = this.#used;
    if (before && (before.facts.provider !== facts.provider || before.facts.model !== facts.model))
      this.#recordTranscription();
    this.#used ??= { facts, seconds: 0, inputTokens: 0, outputTokens: 0 };
    this.#used.seconds += usage.audioSeconds ?? 0;
    this.#used.inputTokens += usage.inputTokens ?? 0;
    this.#used.outputTokens += usage.outputTokens ?? 0;
    if (this.#used.seconds >= TRANSCRIPTION_SECONDS) this.#recordTranscription();
  }

  #recordTranscription(): void {
    if (!this.#used) return;
    const { facts, seconds, inputTokens, outputTokens } = this.#used;
    this.#used = undefined;
    const stage = this.#call.startStage('stt', facts);
    stage.end({
      usage: {
        ...(seconds > 0 && { audioSeconds: Math.round(seconds * 1e6) / 1e6 }),
        ...(inputTokens > 0 && { inputTokens }),
        ...(outputTokens > 0 && { outputTokens }),
      },
    });
  }

  #claim(answer: ReportedStage, replyId: string | undefined): void {
    this.#unclaimed = this.#unclaimed.filter((other) => other !== answer);
    if (!this.#isTold(answer)) this.#turns.stage(replyId, answer);
  }

  #claimByTime(): void {
    for (const answer of this.#unclaimed) this.#claim(answer, this.#replyAt(answer.startMs));
  }

  /** The reply to which a speech-to-speech answer belongs that was begun at `atMs`. */
  #replyAt(atMs: number): string | undefined {
    return this.#turns.replies.at(instantUs(atMs + TOLERANCE_MS))?.handle.id;
  }

  #voiceStreams(): boolean {
    return at(this.#model('tts'), 'capabilities', 'streaming') !== false;
  }
}
