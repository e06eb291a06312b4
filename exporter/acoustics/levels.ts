/** Levels a second: each is the loudness of 2.5 ms. */
export const LEVELS_PER_SECOND = 400;
/** Steps of half a decibel, from −100 dB of full scale (0, digital silence) to 0 dB (200). */
const STEPS_PER_DB = 2;
const LEAST_DB = -100;
/** Hum of the mains and offsets of converters are below speech. */
const HIGH_PASS_HZ = 80;

/** A level in decibels of full scale. */
export const decibels = (level: number): number => level / STEPS_PER_DB + LEAST_DB;

/** A level of so many decibels of full scale. */
export const levelOf = (db: number): number =>
  Math.max(0, Math.min(255, Math.round((db - LEAST_DB) * STEPS_PER_DB)));

/**
 * How loud one side of a recording is, as its samples come: a byte for each 2.5 ms. Of an hour 1.4 MB are kept, and no
 * sample.
 */
export class Levels {
  readonly #rate: number;
  readonly #pass: number;
  #levels = new Uint8Array(1 << 14);
  #count = 0;
  #samples = 0;
  /** Where the level that is being measured ends. */
  #until: number;
  #energy = 0;
  #measured = 0;
  #input = 0;
  #output = 0;

  /** @param rate - samples a second */
  constructor(rate: number) {
    this.#rate = rate;
    this.#pass = Math.exp((-2 * Math.PI * HIGH_PASS_HZ) / rate);
    this.#until = this.#edge(1);
  }

  /** Takes the next samples, −1 to 1. */
  push(samples: Float32Array): void {
    for (const sample of samples) {
      // Floating-point files can hold anything: NaN and infinities are silent.
      const input = sample >= -8 && sample <= 8 ? sample : 0;
      this.#output = this.#pass * (this.#output + input - this.#input);
      this.#input = input;
      this.#energy += this.#output * this.#output;
      this.#measured += 1;
      this.#samples += 1;
      if (this.#samples >= this.#until) this.#next();
    }
  }

  /** The levels so far; what is left of the last 2.5 ms is not in them. */
  get levels(): Uint8Array {
    return this.#levels.subarray(0, this.#count);
  }

  get seconds(): number {
    return this.#samples / this.#rate;
  }

  #next(): void {
    const power = this.#energy / Math.max(1, this.#measured);
    if (this.#count === this.#levels.length) {
      const grown = new Uint8Array(this.#levels.length * 2);
      grown.set(this.#levels);
      this.#levels = grown;
    }
    this.#levels[this.#count] = power > 0 ? levelOf(10 * Math.log10(power)) : 0;
    this.#count += 1;
    this.#until = this.#edge(this.#count + 1);
    this.#energy = 0;
    this.#measured = 0;
  }

  #edge(index: number): number {
    return Math.round((index * this.#rate) / LEVELS_PER_SECOND);
  }
}
