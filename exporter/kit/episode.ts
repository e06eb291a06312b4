/** A stretch of time in which something is wrong, so that it is said once and not once per span. */
export class Episode {
  #sinceMs: number | undefined;

  /** How long it has lasted, in milliseconds; 0 when nothing is wrong. */
  get ageMs(): number {
    return this.#sinceMs === undefined ? 0 : performance.now() - this.#sinceMs;
  }

  /** Says `say` when this is the beginning. */
  begin(say: () => void): void {
    if (this.#sinceMs !== undefined) return;
    this.#sinceMs = performance.now();
    say();
  }

  /** Says `say` with the length in seconds, when something was wrong. */
  end(say: (seconds: number) => void = () => {}): void {
    if (this.#sinceMs === undefined) return;
    const seconds = this.ageMs / 1_000;
    this.#sinceMs = undefined;
    say(seconds);
  }
}
