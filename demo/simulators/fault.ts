/** What a simulator does wrong to one request, instead of or on top of its normal answer. */
export type Fault =
  /** Answers with an HTTP status and an error body, before anything else. */
  | { readonly kind: 'status'; readonly status: number; readonly retryAfterSeconds?: number }
  /** Cuts the connection after this many chunks of the answer (0: before the first byte). */
  | { readonly kind: 'cut'; readonly afterChunks: number }
  /** Closes the connection with this WebSocket code after so many messages. */
  | { readonly kind: 'close'; readonly code: number; readonly afterMessages: number }
  /** Answers normally, but begins this much later. */
  | { readonly kind: 'delay'; readonly ms: number };

/** The faults of one simulator. */
export class Faults {
  readonly #queue: Fault[] = [];

  /** The next requests, one each, meet these faults in this order. */
  next(...faults: readonly Fault[]): void {
    this.#queue.push(...faults);
  }

  /** The fault for the request that has just arrived. */
  take(): Fault | undefined {
    return this.#queue.shift();
  }
}
