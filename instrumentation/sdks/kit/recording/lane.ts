import { BYTES_PER_SAMPLE } from '../../../../recordings/wav.ts';

/** A stretch of sound, from a sample on. */
interface Piece {
  at: number;
  sound: Uint8Array;
}

/** One side of a recording that is not written yet: what is heard, and from which sample on. Between pieces it is silent. */
export class Lane {
  #pieces: Piece[] = [];
  /** Behind the last sample that is known. */
  #end = 0;

  get end(): number {
    return this.#end;
  }

  /** What it holds. */
  get bytes(): number {
    return this.#pieces.reduce((sum, { sound }) => sum + sound.length, 0);
  }

  /** Lays sound from a sample on. What lies there already is overlaid. */
  add(at: number, sound: Uint8Array): void {
    if (sound.length === 0) return;
    this.#pieces.push({ at, sound });
    this.#end = Math.max(this.#end, at + sound.length);
  }

  /** Takes away all from a sample on. */
  cut(at: number): void {
    this.#pieces = this.#pieces.flatMap((piece) => {
      if (piece.at >= at) return [];
      return [{ at: piece.at, sound: piece.sound.subarray(0, at - piece.at) }];
    });
    this.#end = Math.min(this.#end, at);
  }

  /**
   * Copies the samples of a stretch into every second byte of `out`, and forgets them. Gives how many of the samples came
   * too late for it: what lies before `from`.
   */
  take(from: number, to: number, out: Buffer, side: 0 | 1): number {
    let late = 0;
    this.#pieces = this.#pieces.filter((piece) => {
      const { at, sound } = piece;
      if (at >= to) return true;
      const first = Math.max(at, from);
      const last = Math.min(at + sound.length, to);
      late += Math.max(0, Math.min(from, at + sound.length) - at);
      for (let sample = first; sample < last; sample++)
        out[(sample - from) * BYTES_PER_SAMPLE + side] = sound[sample - at] ?? 0;
      if (at + sound.length <= to) return false;
      piece.at = to;
      piece.sound = sound.subarray(to - at);
      return true;
    });
    return late;
  }
}
