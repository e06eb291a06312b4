import type { Fact } from '../../model/facts.ts';

/**
 * Facts that wait to be written, at most `capacity` of them. A batch that was taken counts until it is settled, so the
 * memory is bounded while the database stalls, and whatever is not settled can still be saved at the last moment.
 */
export class FactBuffer {
  /** Facts held at most. */
  readonly capacity: number;
  #queued: Fact[] = [];
  readonly #taken = new Set<readonly Fact[]>();
  #takenCount = 0;

  constructor(capacity: number) {
    this.capacity = capacity;
  }

  /** Facts held, taken ones included. */
  get size(): number {
    return this.#queued.length + this.#takenCount;
  }

  /** Facts that have not been taken. */
  get queued(): number {
    return this.#queued.length;
  }

  /** More than half of the capacity is used. */
  get overHalf(): boolean {
    return this.size * 2 > this.capacity;
  }

  /** False when the buffer is full; the fact is then not kept. */
  push(fact: Fact): boolean {
    if (this.size >= this.capacity) return false;
    this.#queued.push(fact);
    return true;
  }

  /** The oldest facts, at most `max`; end with {@link settle} or {@link restore}. */
  take(max: number): readonly Fact[] {
    const batch = max >= this.#queued.length ? this.#queued : this.#queued.splice(0, max);
    if (batch === this.#queued) this.#queued = [];
    if (batch.length > 0) {
      this.#taken.add(batch);
      this.#takenCount += batch.length;
    }
    return batch;
  }

  /** The batch is safe, or lost for good: it is let go. A batch that is not held changes nothing. */
  settle(batch: readonly Fact[]): void {
    if (this.#taken.delete(batch)) this.#takenCount -= batch.length;
  }

  /** The batch could not be written: it goes back to the front. A batch that is not held changes nothing. */
  restore(batch: readonly Fact[]): void {
    if (!this.#taken.delete(batch)) return;
    this.#takenCount -= batch.length;
    this.#queued = [...batch, ...this.#queued];
  }

  /** Everything held as one batch, batches taken by others too: those are then no longer theirs to end. */
  takeAll(): readonly Fact[] {
    const all = [...[...this.#taken].flat(), ...this.#queued];
    this.#taken.clear();
    this.#queued = [];
    this.#takenCount = all.length;
    if (all.length > 0) this.#taken.add(all);
    return all;
  }
}
