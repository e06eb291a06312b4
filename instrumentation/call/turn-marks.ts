import type { Attributes, Span } from '@opentelemetry/api';
import type { EouSource, Interruption, Micros } from '../../model/facts.ts';
import { ATTR, EVENT } from '../../model/semconv.ts';
import { addEvent } from './spans.ts';

const SOURCE_RANK: Record<EouSource, number> = {
  vad: 4,
  stt_word_end: 3,
  stt_event: 2,
  framework: 1,
  turn_start: 0,
};
/** Nobody barges in so often; beyond it overlaps are no longer noted. */
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

  /** The end of utterance; undefined when it is not known. */
  get speechEndedUs(): Micros | undefined {
    return this.#speechEndedUs;
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

  interruption(interruption: Interruption): void {
    if (!Number.isFinite(interruption?.atUs)) return;
    if (this.#interruptions.length < MAX_INTERRUPTIONS) this.#interruptions.push(interruption);
  }

  /** Marks become events when the turn ends, because only then it is certain which of them counted. */
  writeTo(span: Span): void {
    if (this.#speechStartedUs !== undefined) addEvent(span, EVENT.userSpeechStarted, this.#speechStartedUs);
    if (this.#speechEndedUs !== undefined) addEvent(span, EVENT.userSpeechEnded, this.#speechEndedUs);
    if (this.#committedUs !== undefined) addEvent(span, EVENT.turnCommitted, this.#committedUs);
    for (const interruption of this.#interruptions)
      addEvent(span, EVENT.interruption, interruption.atUs, interruptionAttributes(interruption));
    span.setAttribute(
      ATTR.turnInterrupted,
      this.#interruptions.some(({ kind }) => kind === 'barge_in'),
    );
    if (this.#eouSource !== undefined) span.setAttribute(ATTR.eouSource, this.#eouSource);
  }
}

function interruptionAttributes({ kind, timeToSilenceSeconds }: Interruption): Attributes {
  const attributes: Attributes = { [ATTR.interruptionKind]: kind };
  if (timeToSilenceSeconds !== undefined) attributes[ATTR.interruptionTimeToSilence] = timeToSilenceSeconds;
  return attributes;
}
