import { nowMs } from '../../call/clock.ts';
import type { StageFacts } from '../../call/stage.ts';
import type { Utterance } from '../../call/turns/utterance.ts';

/** What was understood of what the user says, since it was last recorded. Instants are milliseconds since 1970. */
export class Transcript {
  readonly startMs: number;
  #firstTextMs: number | undefined;
  #finalTextMs: number | undefined;
  #text: string | undefined;

  constructor(startMs: number) {
    this.startMs = startMs;
  }

  /** Words were understood. */
  get begun(): boolean {
    return this.#firstTextMs !== undefined;
  }

  /** Words that will not change any more; undefined when there are none. */
  get text(): string | undefined {
    return this.#text;
  }

  /** More was understood; what is final adds to what was said. */
  add(text: string, final: boolean, atMs: number): void {
    this.#firstTextMs ??= atMs;
    if (!final) return;
    this.#finalTextMs = atMs;
    this.#text = this.#text === undefined ? text : `${this.#text} ${text}`;
  }

  /** What the tracker learns of it. Without a final text it was cut off. */
  utterance(facts: StageFacts): Utterance {
    return {
      startAt: this.startMs,
      firstByteAt: this.#firstTextMs,
      endAt: this.#finalTextMs ?? nowMs(),
      facts,
      result: this.#text === undefined ? {} : { text: this.#text },
      cancelled: this.#finalTextMs === undefined,
    };
  }
}
