import type { FinishedSpan } from '../../model/span-record.ts';

/** Read at a stretch: half a millisecond of the event loop. */
const STRETCH = 128;
/** More than that do not wait, also where the event loop does not get round. */
const MOST = 8 * STRETCH;

/**
 * Spans that have ended and are not read yet: the code of the application that ended them does not wait for it. It is done
 * when the event loop gets round, a stretch at a time. What a span says does not change after its end.
 */
export class UnreadSpans {
  readonly #read: (span: FinishedSpan) => void;
  #spans: FinishedSpan[] = [];
  /** Kept between stretches, so that adding is no more than a push. */
  readonly #readOn = () => this.#readStretch();

  /** `read` must not throw. */
  constructor(read: (span: FinishedSpan) => void) {
    this.#read = read;
  }

  add(span: FinishedSpan): void {
    const count = this.#spans.push(span);
    if (count === 1) setImmediate(this.#readOn);
    else if (count === MOST) this.readAll();
  }

  /** Reads what waits, at once. */
  readAll(): void {
    const spans = this.#spans;
    this.#spans = [];
    for (const span of spans) this.#read(span);
  }

  #readStretch(): void {
    const spans = this.#spans;
    this.#spans = spans.splice(STRETCH);
    if (this.#spans.length > 0) setImmediate(this.#readOn);
    for (const span of spans) this.#read(span);
  }
}
