import type { Micros } from '../../model/facts.ts';
import type { Random } from '../statistics/random.ts';

/** How long a model took once. */
export interface Measurement {
  /** The call that it was in; measurements of one call resemble one another. */
  readonly call: string;
  /** To the first byte. */
  readonly firstByte: Micros;
  /** From there to the text of the first sentence, of a language model. */
  readonly aggregation?: Micros | undefined;
  /** Tokens of the prompt, of a language model. */
  readonly inputTokens?: number | undefined;
}

/** Among so many measurements with the most similar prompts one is drawn. */
const SIMILAR = 40;

/** How long a model takes, by the length of its prompt, as it was measured. */
export class Measured {
  /** By tokens; those of which none are known come first. */
  readonly measurements: readonly Measurement[];
  readonly #tokens: readonly number[];

  constructor(measurements: readonly Measurement[]) {
    const tokensOf = ({ inputTokens = -1 }: Measurement): number => inputTokens;
    this.measurements = measurements.toSorted((a, b) => tokensOf(a) - tokensOf(b));
    this.#tokens = this.measurements.map(tokensOf);
  }

  get count(): number {
    return this.measurements.length;
  }

  /** Undefined where no length is known. */
  get longestPrompt(): number | undefined {
    return this.measurements.at(-1)?.inputTokens;
  }

  /** As many calls, drawn with replacement. */
  resample(random: Random): Measured {
    const calls = new Map([...new Set(this.measurements.map(({ call }) => call))].map((call) => [call, 0]));
    const names = [...calls.keys()];
    for (const _ of names) {
      const name = names[random.below(names.length)] ?? '';
      calls.set(name, (calls.get(name) ?? 0) + 1);
    }
    return new Measured(
      this.measurements.flatMap((measurement) =>
        Array<Measurement>(calls.get(measurement.call) ?? 0).fill(measurement),
      ),
    );
  }

  /** One of those with the most similar prompts; of any prompt where the length is not known. */
  draw(inputTokens: number | undefined, random: Random): Measurement {
    const [from, until] = this.#similar(inputTokens);
    return this.measurements[from + random.below(until - from)] as Measurement;
  }

  #similar(inputTokens: number | undefined): [from: number, until: number] {
    const length = this.count;
    if (inputTokens === undefined || length <= SIMILAR) return [0, length];
    let [low, high] = [0, length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#tokens[middle] as number) < inputTokens) low = middle + 1;
      else high = middle;
    }
    const from = Math.min(Math.max(0, low - SIMILAR / 2), length - SIMILAR);
    return [from, from + SIMILAR];
  }
}
