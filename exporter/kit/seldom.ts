/** Says a thing of each kind at most once in a while, and how often it was so since the last time. The kinds are few. */
export class Seldom {
  readonly #everyMs: number;
  readonly #kinds = new Map<string, { saidMs: number; count: number }>();

  /** @param everyMs - (Default: one minute.) */
  constructor(everyMs = 60_000) {
    this.#everyMs = everyMs;
  }

  say(kind: string, say: (count: number) => void, nowMs: number = performance.now()): void {
    const known = this.#kinds.get(kind);
    const count = (known?.count ?? 0) + 1;
    if (known !== undefined && nowMs - known.saidMs < this.#everyMs) {
      known.count = count;
      return;
    }
    this.#kinds.set(kind, { saidMs: nowMs, count: 0 });
    say(count);
  }
}
