/** Wrong tokens that one address may show in a minute, and all addresses together. */
const MOST_EACH = 5;
const MOST_TOGETHER = 60;
const WINDOW_MS = 60_000;
/** Addresses that are remembered; beyond it the oldest are forgotten, and the bound for all together holds. */
const MOST_ADDRESSES = 1_000;

/** Counts failed log-ins, so that a token cannot be tried at the speed of the network. */
export class Attempts {
  readonly #nowMs: () => number;
  readonly #byAddress = new Map<string, number[]>();
  #all: number[] = [];

  constructor(nowMs: () => number = Date.now) {
    this.#nowMs = nowMs;
  }

  /** Seconds to wait before another try; 0: now. */
  waitSeconds(address: string): number {
    const own = this.#recent(this.#byAddress.get(address) ?? []);
    this.#all = this.#recent(this.#all);
    const [oldest] = own.length >= MOST_EACH ? own : this.#all.length >= MOST_TOGETHER ? this.#all : [];
    return oldest === undefined ? 0 : Math.max(1, Math.ceil((oldest + WINDOW_MS - this.#nowMs()) / 1_000));
  }

  failed(address: string): void {
    const own = [...this.#recent(this.#byAddress.get(address) ?? []), this.#nowMs()];
    this.#byAddress.delete(address);
    this.#byAddress.set(address, own);
    this.#all.push(this.#nowMs());
    const [oldest] = this.#byAddress.keys();
    if (this.#byAddress.size > MOST_ADDRESSES && oldest !== undefined) this.#byAddress.delete(oldest);
  }

  #recent(times: readonly number[]): number[] {
    const fromMs = this.#nowMs() - WINDOW_MS;
    return times.filter((time) => time > fromMs);
  }
}
