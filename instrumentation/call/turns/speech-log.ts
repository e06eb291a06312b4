import { judgeInterruptions, type SpeechEvent } from '../../../exporter/quality/speech-events.ts';
import type { Micros } from '../../../model/facts.ts';
import type { Turn } from '../turn.ts';

const MAX_EVENTS = 256;

/** Who spoke when in the turn that goes on: what its interruptions are judged by when it is over. */
export class SpeechLog {
  #events: SpeechEvent[] = [];

  /** What is told twice is noted once. */
  note(what: SpeechEvent['what'], atUs: Micros): void {
    if (this.#events.length >= MAX_EVENTS) return;
    if (!this.#events.some((event) => event.what === what && event.atUs === atUs))
      this.#events.push({ what, atUs });
  }

  /**
   * Judges the turn, and begins again for the next one.
   *
   * @param startInferred When the speech that ended the turn began is not known, and so neither how long the agent took
   * to fall silent.
   */
  judge(turn: Turn | undefined, startInferred: boolean): void {
    const events = this.#events;
    this.#events = [];
    if (!turn) return;
    for (const { timeToSilenceSeconds, ...interruption } of judgeInterruptions(events))
      turn.interruption(
        startInferred || timeToSilenceSeconds === undefined
          ? interruption
          : { ...interruption, timeToSilenceSeconds },
      );
  }
}
