/** One timer for several reasons to wake: it goes off at the earliest time that was asked for. Keeps no process alive. */
export class Alarm {
  readonly #ring: () => void;
  #timer: NodeJS.Timeout | undefined;
  #atMs = Number.POSITIVE_INFINITY;
  #stopped = false;

  constructor(ring: () => void) {
    this.#ring = ring;
  }

  /** Goes off within `delayMs`. */
  within(delayMs: number): void {
    if (this.#stopped) return;
    const atMs = performance.now() + delayMs;
    if (atMs >= this.#atMs) return;
    clearTimeout(this.#timer);
    this.#atMs = atMs;
    this.#timer = setTimeout(() => {
      this.#atMs = Number.POSITIVE_INFINITY;
      this.#ring();
    }, delayMs).unref();
  }

  /** Goes off after `delayMs`, and not sooner, whatever was asked for before. */
  after(delayMs: number): void {
    this.#atMs = Number.POSITIVE_INFINITY;
    this.within(delayMs);
  }

  /** Goes off no more. */
  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }
}
