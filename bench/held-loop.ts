import { closeSync, openSync, readSync } from 'node:fs';
import { createHistogram, monitorEventLoopDelay } from 'node:perf_hooks';
import type { LoopDelay } from './agent.ts';

const TICK_MS = 1;

/**
 * Watches how long the event loop of this thread does not get round, in two ways: by the clock, as calls feel it, and by
 * the processor time that the thread used meanwhile, which is what the program itself is to blame for on a machine that
 * has other work. The main thread only. Linux only.
 */
export class HeldLoop {
  readonly #clock = monitorEventLoopDelay({ resolution: TICK_MS });
  readonly #work = createHistogram();
  readonly #file = openSync(`/proc/self/task/${process.pid}/schedstat`, 'r');
  readonly #bytes = Buffer.alloc(64);
  #beforeNs = this.#usedNs();
  readonly #timer = setInterval(() => this.#tick(), TICK_MS).unref();

  constructor() {
    this.#clock.enable();
  }

  /** What was seen since the last time, in milliseconds. */
  measured(): { delay: LoopDelay; work: LoopDelay } {
    const [delay, work] = [this.#clock, this.#work].map((histogram) => {
      const ms = (nanoseconds: number) => nanoseconds / 1e6;
      const found = {
        p50: ms(histogram.percentile(50)),
        p99: ms(histogram.percentile(99)),
        p999: ms(histogram.percentile(99.9)),
        max: ms(histogram.max),
      };
      histogram.reset();
      return found;
    }) as [LoopDelay, LoopDelay];
    return { delay, work };
  }

  close(): void {
    this.#clock.disable();
    clearInterval(this.#timer);
    closeSync(this.#file);
  }

  #tick(): void {
    const used = this.#usedNs();
    this.#work.record(Math.max(1, used - this.#beforeNs));
    this.#beforeNs = used;
  }

  #usedNs(): number {
    const length = readSync(this.#file, this.#bytes, 0, this.#bytes.length, 0);
    return Number.parseInt(this.#bytes.toString('latin1', 0, length), 10);
  }
}
