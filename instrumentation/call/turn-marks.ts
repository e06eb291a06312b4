import type { Attributes, Span } from '@opentelemetry/api';
import type { Interruption, Micros, Utterance } from '../../model/facts.ts';
import { ATTR, EVENT } from '../../model/semconv.ts';
import type { CutOffBy, EouSource, Initiator } from '../../model/vocabulary.ts';
import { addEvent } from './spans.ts';

const SOURCE_RANK: Record<EouSource, number> = {
  vad: 4,
  stt_word_end: 3,
  stt_event: 2,
  framework: 1,
  turn_start: 0,
};
/** Beyond it the last word counts for what was said before, too. */
const MAX_UTTERANCES = 16;
/** More than any real turn has; beyond it overlaps are no longer noted. */
const MAX_INTERRUPTIONS = 32;

/**
 * The marks of one turn: when the user spoke, when that was accepted, and who interrupted whom. They may be told late,
 * twice or never: until the agent is heard the last word counts, and a better source beats a later one.
 */
export class TurnMarks {
  readonly #interruptions: Interruption[] = [];
  #speechStartedUs: Micros | undefined;
  #speechEndedUs: Micros | undefined;
  #eouSource: EouSource | undefined;
  /** The user went on after a pause: whatever end comes next replaces the one before. */
  #speechResumed = false;
  #committedUs: Micros | undefined;
  /** What was said and accepted before the user spoke again. */
  readonly #earlier: Utterance[] = [];
  #cutOffBy: CutOffBy | undefined;
  #speechUnknown = false;

  /** The end of utterance; undefined when it is not known. */
  get speechEndedUs(): Micros | undefined {
    return this.#speechEndedUs;
  }

  /** What the user said, each accepted as finished, in order. */
  get utterances(): Utterance[] {
    const [startedUs, endedUs, committedUs] = [this.#speechStartedUs, this.#speechEndedUs, this.#committedUs];
    if (endedUs === undefined || committedUs === undefined || !this.#endIsNew) return this.#earlier;
    return [...this.#earlier, { ...(startedUs !== undefined && { startedUs }), endedUs, committedUs }];
  }

  /** How the end of utterance is known. */
  get eouSource(): EouSource | undefined {
    return this.#eouSource;
  }

  /** The first start counts; one that follows an end means that the user went on. */
  speechStarted(us: Micros): void {
    this.#speechStartedUs = Math.min(this.#speechStartedUs ?? us, us);
    if (this.#speechEndedUs !== undefined && us > this.#speechEndedUs) this.#speechResumed = true;
  }

  /** @param answeredUs When the agent was first heard. Silence after that is not what it answered. */
  speechEnded(us: Micros, source: EouSource, answeredUs: Micros | undefined): void {
    if (answeredUs !== undefined && us > answeredUs) return;
    const known = this.#speechResumed ? undefined : this.#eouSource;
    const better = known === undefined ? 1 : SOURCE_RANK[source] - SOURCE_RANK[known];
    // A source that does not exist is no better than any.
    if (!(better >= 0) || (better === 0 && us < (this.#speechEndedUs ?? 0))) return;
    this.#speechEndedUs = us;
    this.#eouSource = source;
    this.#speechResumed = false;
  }

  committed(us: Micros, answeredUs: Micros | undefined): void {
    if (answeredUs === undefined || us <= answeredUs) this.#committedUs = us;
  }

  /** The user speaks again: what was accepted before is an utterance of its own. */
  spokenAgain(us: Micros): void {
    const [startedUs, endedUs, committedUs] = [this.#speechStartedUs, this.#speechEndedUs, this.#committedUs];
    if (committedUs === undefined || endedUs === undefined || us <= endedUs) return;
    if (this.#earlier.length >= MAX_UTTERANCES) return;
    this.#earlier.push({ ...(startedUs !== undefined && { startedUs }), endedUs, committedUs });
    this.#speechStartedUs = undefined;
    this.#committedUs = undefined;
    this.#speechResumed = true;
  }

  /** The answer ended before it was heard. */
  cutOff(by: CutOffBy): void {
    this.#cutOffBy = by;
  }

  /** Nothing listened to the user. */
  speechUnknown(): void {
    this.#speechUnknown = this.#speechStartedUs === undefined && this.#speechEndedUs === undefined;
  }

  interruption(interruption: Interruption): void {
    if (!Number.isFinite(interruption?.atUs)) return;
    if (this.#interruptions.length < MAX_INTERRUPTIONS) this.#interruptions.push(interruption);
  }

  /** Marks become events when the turn ends, because only then it is certain which of them counted. */
  writeTo(span: Span, initiator: Initiator): void {
    for (const { startedUs, endedUs, committedUs } of this.#earlier)
      addMarks(span, startedUs, endedUs, committedUs);
    const endedUs = this.#endIsNew ? this.#speechEndedUs : undefined;
    addMarks(span, this.#speechStartedUs, endedUs, this.#committedUs);
    if (!this.#speechUnknown) this.#writeSpeakers(span, initiator);
    if (this.#cutOffBy !== undefined) span.setAttribute(ATTR.turnCutOffBy, this.#cutOffBy);
    if (this.#eouSource !== undefined) span.setAttribute(ATTR.eouSource, this.#eouSource);
  }

  /** The end of what was said last, and not of an utterance before. */
  get #endIsNew(): boolean {
    return this.#earlier.at(-1)?.endedUs !== this.#speechEndedUs;
  }

  #writeSpeakers(span: Span, initiator: Initiator): void {
    for (const interruption of this.#interruptions)
      addEvent(span, EVENT.interruption, interruption.atUs, interruptionAttributes(interruption));
    const interrupted = this.#interruptions.some(({ kind }) => kind === 'barge_in');
    span.setAttributes({ [ATTR.turnInitiator]: initiator, [ATTR.turnInterrupted]: interrupted });
  }
}

function addMarks(span: Span, startedUs?: Micros, endedUs?: Micros, committedUs?: Micros): void {
  if (startedUs !== undefined) addEvent(span, EVENT.userSpeechStarted, startedUs);
  if (endedUs !== undefined) addEvent(span, EVENT.userSpeechEnded, endedUs);
  if (committedUs !== undefined) addEvent(span, EVENT.turnCommitted, committedUs);
}

function interruptionAttributes({ kind, timeToSilenceSeconds }: Interruption): Attributes {
  const attributes: Attributes = { [ATTR.interruptionKind]: kind };
  if (timeToSilenceSeconds !== undefined) attributes[ATTR.interruptionTimeToSilence] = timeToSilenceSeconds;
  return attributes;
}
