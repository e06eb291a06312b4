/** How long a request may give nothing before its stage is ended: nobody reads it any more. */
export const DEADLINE_MS = 5 * 60_000;

/**
 * Calls `expired` when nothing was heard for {@link DEADLINE_MS}. Keeps no process alive; `heard` costs no allocation.
 */
export class Deadline {
  readonly #timer: NodeJS.Timeout;

  constructor(expired: () => void) {
    this.#timer = setTimeout(expired, DEADLINE_MS);
    this.#timer.unref();
  }

  heard(): void {
    this.#timer.refresh();
  }

  over(): void {
    clearTimeout(this.#timer);
  }
}
