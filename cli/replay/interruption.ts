import { constants } from 'node:os';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** A signal that asks this process to end, which it does when it has ended what it has started. */
export class Interruption {
  readonly #controller = new AbortController();
  #exitCode: number | undefined;
  readonly #on = (name: NodeJS.Signals): void => {
    this.#exitCode ??= 128 + constants.signals[name];
    this.#controller.abort();
  };

  /** Listens from now on, until it is to forget. */
  constructor() {
    for (const name of SIGNALS) process.on(name, this.#on);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** 128 and the signal's number, as shells have it; undefined: none came. */
  get exitCode(): number | undefined {
    return this.#exitCode;
  }

  forget(): void {
    for (const name of SIGNALS) process.off(name, this.#on);
  }
}
