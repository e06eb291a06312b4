/** What the doctor saw of one thing. */
export interface Finding {
  readonly name: string;
  /** `warn`: something is missing from what is seen, or may soon be. `fail`: nothing comes of it. */
  readonly status: 'ok' | 'warn' | 'fail';
  readonly text: string;
  /** What to do, where there is something to do. */
  readonly cure?: string;
}
