/** Several that begin something at the same time: each waits until all who have not left are there. */
export class Meeting {
  #expected: number;
  #waiting: (() => void)[] = [];

  constructor(expected: number) {
    this.#expected = expected;
  }

  /** Does the work of one of them, who leaves at its end. */
  async attend<Result>(work: (arrive: () => Promise<void>) => Promise<Result>): Promise<Result> {
    try {
      return await work(() => this.#arrive());
    } finally {
      this.#expected -= 1;
      this.#begin();
    }
  }

  #arrive(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.#begin();
    });
  }

  #begin(): void {
    if (this.#waiting.length < this.#expected) return;
    for (const go of this.#waiting.splice(0)) go();
  }
}
