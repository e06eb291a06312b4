/** What a request costs beside its body: sockets, headers, promises. */
const PER_REQUEST_BYTES = 4_096;

/** Bytes of all requests that are not answered yet, bounded together. */
export class ByteBudget {
  readonly capacity: number;
  #used = 0;

  constructor(capacity: number) {
    this.capacity = capacity;
  }

  get used(): number {
    return this.#used;
  }

  /** A request's share, with room for a body of `bytes`. Undefined: there is no room. */
  open(bytes: number): Share | undefined {
    const share = new Share((more) => this.#take(more));
    return share.grow(PER_REQUEST_BYTES + bytes) ? share : undefined;
  }

  #take(bytes: number): boolean {
    if (bytes > 0 && this.#used + bytes > this.capacity) return false;
    this.#used += bytes;
    return true;
  }
}

/** What one request has of the budget. */
export class Share {
  readonly #take: (bytes: number) => boolean;
  #bytes = 0;

  constructor(take: (bytes: number) => boolean) {
    this.#take = take;
  }

  /** False when there is no room for so much more. */
  grow(bytes: number): boolean {
    if (!this.#take(bytes)) return false;
    this.#bytes += bytes;
    return true;
  }

  /** Gives everything back. A second call changes nothing. */
  close(): void {
    this.#take(-this.#bytes);
    this.#bytes = 0;
  }
}
