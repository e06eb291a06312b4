/** One line of the table that the benchmarks print. */
export interface BenchResult {
  readonly name: string;
  readonly ours: number;
  /** What it is compared with; absent when there is nothing like it. */
  readonly baseline?: number;
  readonly unit: string;
  /** What was measured, and how, in one sentence. */
  readonly note: string;
}
