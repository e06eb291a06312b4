/** How long a request may give nothing before its stage is ended: it is no longer read. */
export const DEADLINE_MS = 5 * 60_000;
/** How long an answer that has arrived may wait to be read before its stage is ended: it never will be. */
export const UNREAD_MS = 10_000;

/**
 * Calls `expired` when nothing was heard for `afterMs`. Keeps no process alive; `heard` costs no allocation.
 */
export class Deadline {
  readonly #timer: NodeJS.Timeout;

  constructor(expired: () => void, afterMs = DEADLINE_MS) {
    this.#timer = setTimeout(expired, afterMs);
    this.#timer.unref();
  }

  heard(): void {
    this.#timer.refresh();
  }

  over(): void {
    clearTimeout(this.#timer);
  }
}
