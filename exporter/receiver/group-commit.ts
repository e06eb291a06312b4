import type { Fact } from '../../model/facts.ts';
import type { AppendResult } from '../store/journal.ts';

/** Facts per transaction: beyond it a statement gains nothing. */
const BATCH = 2_000;

export interface GroupCommitOptions {
  append: (facts: readonly Fact[]) => Promise<AppendResult>;
  /** Called with each batch after its commit. */
  onCommitted?: (facts: readonly Fact[], result: AppendResult) => void;
  /** Transactions at once. More than one keeps the database busy while this process prepares the next. (Default: 2.) */
  writers?: number;
}

/** The facts of one request, on their way to the journal. */
interface Waiting {
  readonly facts: readonly Fact[];
  /** Facts that are in no transaction yet, from this one on. */
  next: number;
  /** Facts that are not committed yet. */
  open: number;
  refused: number;
  resolve(refused: number): void;
  reject(error: unknown): void;
}

/**
 * Commits the facts of many requests together: what arrives while a transaction is under way shares the next one. A
 * request is answered when the last of its facts is committed, or when a transaction with one of them has failed.
 */
export class GroupCommit {
  readonly #options: GroupCommitOptions;
  readonly #writers: number;
  #queue: Waiting[] = [];
  #writing = 0;

  constructor(options: GroupCommitOptions) {
    this.#options = options;
    this.#writers = options.writers ?? 2;
  }

  /**
   * Resolves when the facts are committed, with how many of them the database rejected as invalid data.
   * @throws the driver's error when it is unknown whether they are: the sender is to send them again.
   */
  commit(facts: readonly Fact[]): Promise<number> {
    if (facts.length === 0) return Promise.resolve(0);
    return new Promise((resolve, reject) => {
      this.#queue.push({ facts, next: 0, open: facts.length, refused: 0, resolve, reject });
      // After this round of the event loop, so that requests which have arrived together are written together.
      if (this.#writing < this.#writers) setImmediate(() => void this.#write());
    });
  }

  async #write(): Promise<void> {
    if (this.#writing >= this.#writers || this.#queue.length === 0) return;
    this.#writing += 1;
    while (this.#queue.length > 0) await this.#writeBatch();
    this.#writing -= 1;
  }

  async #writeBatch(): Promise<void> {
    const parts: { request: Waiting; facts: readonly Fact[] }[] = [];
    for (let room = BATCH; room > 0; ) {
      const [request] = this.#queue;
      if (request === undefined) break;
      const facts = request.facts.slice(request.next, request.next + room);
      request.next += facts.length;
      room -= facts.length;
      parts.push({ request, facts });
      if (request.next === request.facts.length) this.#queue.shift();
    }
    const batch = parts.flatMap(({ facts }) => facts);
    try {
      const result = await this.#options.append(batch);
      this.#options.onCommitted?.(batch, result);
      const refused = new Set(result.refused.map(({ fact }) => fact));
      for (const { request, facts } of parts) {
        request.open -= facts.length;
        if (refused.size > 0) request.refused += facts.filter((fact) => refused.has(fact)).length;
        if (request.open === 0) request.resolve(request.refused);
      }
    } catch (error) {
      for (const { request } of parts) request.reject(error);
      this.#failWaiting(error);
    }
  }

  /** What waits behind a failure would run into the same timeout: better to fail it now. */
  #failWaiting(error: unknown): void {
    const waiting = this.#queue;
    this.#queue = [];
    for (const request of waiting) request.reject(error);
  }
}
