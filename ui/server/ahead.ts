/** So long it is kept for who asked, in milliseconds: a browser that loads a page asks within a fraction of it. */
const KEPT_MS = 2_000;
/** Together. What would be more is read when it is asked for. */
const MOST = 8;

/** What is read before it is asked for: a page that will ask for it was, and still loads. Each is given once. */
export class Ahead<T> {
  readonly #begun = new Map<string, Promise<T>>();

  begin(name: string, read: () => Promise<T>): void {
    if (this.#begun.has(name) || this.#begun.size >= MOST) return;
    const answer = read();
    this.#begun.set(name, answer);
    const forget = () => {
      if (this.#begun.get(name) === answer) this.#begun.delete(name);
    };
    // An error is for the question that waits for it: one that comes later tries again.
    answer.catch(forget);
    setTimeout(forget, KEPT_MS).unref();
  }

  /** Undefined: it was not begun, or is too old. */
  take(name: string): Promise<T> | undefined {
    const answer = this.#begun.get(name);
    this.#begun.delete(name);
    return answer;
  }
}
