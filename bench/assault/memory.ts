import { readFileSync } from 'node:fs';
import { median } from '../measure.ts';

const EVERY_MS = 1_000;

/** Watches how much memory a process holds, in megabytes. Linux only. */
export class Memory {
  readonly #pid: number;
  readonly #samples: number[] = [];
  readonly #timer = setInterval(() => this.#look(), EVERY_MS).unref();

  constructor(pid: number) {
    this.#pid = pid;
  }

  /** The medians of the thirds of the time, and the most. */
  report(): { thirds: readonly number[]; most: number } {
    clearInterval(this.#timer);
    this.#look();
    const third = Math.ceil(this.#samples.length / 3);
    const thirds = [0, 1, 2].map((index) => median(this.#samples.slice(index * third, (index + 1) * third)));
    return { thirds, most: Math.max(...this.#samples) };
  }

  #look(): void {
    const status = (() => {
      try {
        return readFileSync(`/proc/${this.#pid}/status`, 'latin1');
      } catch {
        return '';
      }
    })();
    const [, kilobytes] = /VmRSS:\s+(\d+)/.exec(status) ?? [];
    if (kilobytes !== undefined) this.#samples.push(Number(kilobytes) / 1_024);
  }
}
