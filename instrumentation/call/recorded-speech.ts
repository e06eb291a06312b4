import { type Context, context } from '@opentelemetry/api';
import type { Call } from './call.ts';
import { type Instant, instantUs, nowUs } from './clock.ts';
import { activeScope, withinRequest } from './scope.ts';
import { guard } from './spans.ts';
import { Stage, type StageFacts, type StageResult } from './stage.ts';

/** How a transcription ended, if not with its transcript. */
interface Outcome {
  cancelled?: boolean;
  error?: unknown;
}

/** What is known of the audio of a recording. Seconds from its beginning. */
export interface RecordedAudio {
  seconds?: number | undefined;
  /** The first word begins. */
  speechStartSeconds?: number | undefined;
  /** The last word ends. */
  speechEndSeconds?: number | undefined;
}

/**
 * Opens the transcription of a recording for the running code: an utterance of the call that it belongs to; otherwise a
 * plain span. `audio` is asked when it is over.
 */
export function openRecordedSpeech(facts: StageFacts, audio: () => RecordedAudio): RecordedSpeech | Stage {
  const active = context.active();
  const call = activeScope(active)?.call;
  const recording = { ...facts, streaming: false };
  if (call)
    return call.ended ? call.startStage('stt', recording) : new RecordedSpeech(call, recording, audio);
  return new Stage('stt', recording, { parent: active, attributes: {}, startUs: nowUs() });
}

/**
 * A recording of what the user said, transcribed in one request of a call. Used like a stage; it becomes one when it is
 * over, because only then it is known whether there were words, and so which turn it belongs to.
 *
 * The application took the user for silent when it sent the recording: the end of utterance is the end of the recording,
 * or of its last word where the transcript has the times of words. Whatever the application had waited for that silence
 * in its own buffers is not seen.
 */
export class RecordedSpeech {
  /** The context in which the request runs. */
  readonly context: Context = withinRequest(context.active());
  readonly #call: Call;
  readonly #facts: StageFacts;
  readonly #audio: () => RecordedAudio;
  readonly #requestedUs = nowUs();
  #firstByteUs: number | undefined;
  #ended = false;

  constructor(call: Call, facts: StageFacts, audio: () => RecordedAudio) {
    this.#call = call;
    this.#facts = facts;
    this.#audio = audio;
  }

  get ended(): boolean {
    return this.#ended;
  }

  requested(): void {}

  /** What came of it so far is not a transcript. */
  followed(): void {}

  /** The first of the transcript arrived. Counts once. */
  firstByte(at?: Instant): void {
    guard('following a recording', () => {
      this.#firstByteUs ??= instantUs(at);
    });
  }

  /** The transcript is there. */
  end(result: StageResult = {}): void {
    this.#end(result, {});
  }

  cancel(result: StageResult = {}): void {
    this.#end(result, { cancelled: true });
  }

  fail(error: unknown, result: StageResult = {}): void {
    this.#end(result, { error });
  }

  #end(result: StageResult, outcome: Outcome): void {
    if (this.#ended) return;
    this.#ended = true;
    guard('ending a recording', () => this.#tell(result, outcome));
  }

  /** Tells the call what was said in the recording, and when. */
  #tell(result: StageResult, outcome: Outcome): void {
    const { tracker } = this.#call;
    const endUs = instantUs(result.at);
    const { seconds, speechStartSeconds = 0, speechEndSeconds } = this.#audio();
    const ms = (us: number): number => us / 1_000;
    const within = (position: number): number =>
      ms(this.#requestedUs - Math.round(Math.max(0, (seconds ?? position) - position) * 1e6));
    // A recording may have begun before there was a call; no one spoke in it by then.
    const startAt = Math.max(ms(this.#call.startUs), within(speechStartSeconds));
    if (result.text) {
      tracker.speechStarted(startAt);
      const words = seconds !== undefined && speechEndSeconds !== undefined;
      tracker.speechEnded(
        words ? within(speechEndSeconds) : ms(this.#requestedUs),
        words ? 'stt_word_end' : 'stt_event',
      );
    }
    tracker.utterance({
      startAt,
      requestedAt: ms(this.#requestedUs),
      firstByteAt: this.#firstByteUs === undefined ? undefined : ms(this.#firstByteUs),
      endAt: ms(endUs),
      facts: this.#facts,
      result,
      ...outcome,
    });
    if (result.text && !outcome.cancelled) tracker.committed(ms(endUs));
  }
}
