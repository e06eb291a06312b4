/** Longer texts are seldom the same twice. */
const MAX_BYTES = 48;
/** A power of two. */
const SLOTS = 2_048;

interface Entry {
  readonly bytes: Uint8Array;
  readonly text: string;
}

/**
 * Texts that were decoded before, found by their bytes. The keys of attributes are the same in every span, and making a
 * string again costs more than all else in a span: this makes decoding twice as fast. One slot a hash, and the newest
 * stays: bounded, whatever is sent.
 */
export class TextCache {
  readonly #slots: (Entry | undefined)[] = new Array(SLOTS).fill(undefined);

  /** `buffer.toString('utf8', start, end)`. */
  read(buffer: Buffer, start: number, end: number): string {
    const length = end - start;
    if (length > MAX_BYTES) return buffer.toString('utf8', start, end);
    let hash = length;
    for (let index = start; index < end; index += 1) hash = (Math.imul(hash, 31) + (buffer[index] ?? 0)) | 0;
    const slot = (hash ^ (hash >>> 15)) & (SLOTS - 1);
    const known = this.#slots[slot];
    if (known !== undefined && same(known.bytes, buffer, start, length)) return known.text;
    const text = buffer.toString('utf8', start, end);
    this.#slots[slot] = { bytes: Uint8Array.prototype.slice.call(buffer, start, end), text };
    return text;
  }
}

function same(known: Uint8Array, buffer: Buffer, start: number, length: number): boolean {
  if (known.length !== length) return false;
  for (let index = 0; index < length; index += 1) if (known[index] !== buffer[start + index]) return false;
  return true;
}
