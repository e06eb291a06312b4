/**
 * Frames that are remembered: 20 seconds of the usual 20 ms frames, 16 KB a connection. A recogniser speaks of the last
 * few seconds; what lies further back is taken to have come at the pace of speech.
 */
const FRAMES = 1024;

/**
 * Tells when a piece of streamed audio was spoken. A recogniser reports positions in the audio that it was sent; a
 * frame sent at `t` holds what was said in [`t` - duration, `t`]. Audio sent faster than it was spoken (a backlog after
 * a reconnect, a recording) is taken to be spoken when it was sent, unless it is known to be live.
 */
export class AudioClock {
  #bytesPerMs: number | undefined;
  /** Ring: bytes sent up to the end of each frame, and when. */
  readonly #ends = new Float64Array(FRAMES);
  readonly #times = new Float64Array(FRAMES);
  #count = 0;
  #bytes = 0;

  /** @param bytesPerSecond Of the encoding: 8000 for mulaw at 8 kHz. Unknown: until `isOf` says it, nothing is. */
  constructor(bytesPerSecond?: number) {
    if (bytesPerSecond !== undefined) this.isOf(bytesPerSecond);
  }

  /** What was sent, and what will be, has so many bytes a second. */
  isOf(bytesPerSecond: number): void {
    this.#bytesPerMs = bytesPerSecond / 1_000;
  }

  /** Audio sent since the last restart, in seconds; undefined while its encoding is unknown. */
  get seconds(): number | undefined {
    return this.#bytesPerMs === undefined ? undefined : this.#bytes / this.#bytesPerMs / 1_000;
  }

  /** A frame was sent. On the audio path: no allocation. */
  sent(bytes: number, nowMs: number): void {
    this.#bytes += bytes;
    const slot = this.#count++ % FRAMES;
    this.#ends[slot] = this.#bytes;
    this.#times[slot] = nowMs;
  }

  /** A new connection: positions count from zero again. */
  restart(): void {
    this.#count = 0;
    this.#bytes = 0;
  }

  /**
   * When the audio at `seconds` was spoken, in milliseconds since 1970; undefined before any was sent, and while its
   * encoding is unknown. What was not sent yet gives the instant of the last frame.
   *
   * @param live It was spoken at the pace of speech, and what came in one burst had been held back: none of it was
   * spoken later than what follows allows.
   */
  wallMs(seconds: number, live = false): number | undefined {
    const bytesPerMs = this.#bytesPerMs;
    if (bytesPerMs === undefined || this.#count === 0 || !Number.isFinite(seconds)) return undefined;
    const position = seconds * 1_000 * bytesPerMs;
    const oldest = Math.max(0, this.#count - FRAMES);
    const frame = this.#frameAt(position, oldest);
    const sentAt = this.#time(frame);
    const spokenAt = sentAt - Math.max(0, this.#end(frame) - position) / bytesPerMs;
    if (live) return this.#latest(position, frame, bytesPerMs);
    return frame === oldest ? spokenAt : Math.max(spokenAt, this.#time(frame - 1));
  }

  #latest(position: number, frame: number, bytesPerMs: number): number {
    let spokenMs = Number.POSITIVE_INFINITY;
    for (let later = frame; later < this.#count; later++)
      spokenMs = Math.min(
        spokenMs,
        this.#time(later) - Math.max(0, this.#end(later) - position) / bytesPerMs,
      );
    return spokenMs;
  }

  /** The first frame that ends at or after `position`; the last one, when none does. */
  #frameAt(position: number, oldest: number): number {
    let low = oldest;
    let high = this.#count - 1;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if (this.#end(middle) < position) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #end(frame: number): number {
    return this.#ends[frame % FRAMES] ?? 0;
  }

  #time(frame: number): number {
    return this.#times[frame % FRAMES] ?? 0;
  }
}
