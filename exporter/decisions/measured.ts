import { countWhile } from '../../model/count-while.ts';
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

/** Among so many measurements with the most similar prompts one is drawn, or more that are as similar. */
const SIMILAR = 40;

/** How long a model takes, by the length of its prompt, as it was measured. */
export class Measured {
  /** By tokens; those of which none are known come first. */
  readonly measurements: readonly Measurement[];
  readonly #tokens: Float64Array;
  #calls: readonly string[] | undefined;
  /** Where those of similar prompts are, by the length that was asked for. */
  readonly #windows = new Map<number, readonly [from: number, until: number]>();

  constructor(measurements: readonly Measurement[]) {
    this.measurements = isAscending(measurements)
      ? measurements
      : measurements.toSorted((a, b) => tokensOf(a) - tokensOf(b));
    this.#tokens = new Float64Array(this.count);
    for (let index = 0; index < this.count; index += 1)
      this.#tokens[index] = tokensOf(this.measurements[index] as Measurement);
  }

  get count(): number {
    return this.measurements.length;
  }

  /** Undefined where no length is known. */
  get longestPrompt(): number | undefined {
    return this.measurements.at(-1)?.inputTokens;
  }

  /**
   * As many calls, drawn with replacement.
   *
   * @param drawn - how often calls were drawn already, by name: what is measured in them comes as often
   */
  resample(random: Random, drawn: ReadonlyMap<string, number> = new Map()): Measured {
    this.#calls ??= [...new Set(this.measurements.map(({ call }) => call))];
    const others = this.#calls.filter((call) => !drawn.has(call));
    const counts = new Map(drawn);
    for (const _ of others) {
      const call = others[random.below(others.length)] ?? '';
      counts.set(call, (counts.get(call) ?? 0) + 1);
    }
    const measurements: Measurement[] = [];
    for (const measurement of this.measurements)
      for (let left = counts.get(measurement.call) ?? 0; left > 0; left -= 1) measurements.push(measurement);
    // Where nothing is measured in what was drawn, it says nothing of the model.
    return measurements.length === 0 && this.count > 0 ? this.resample(random) : new Measured(measurements);
  }

  /** In how many calls those were measured that stand for such prompts. */
  callsNear(inputTokens: Iterable<number | undefined>): number {
    const calls = new Set<string>();
    for (const tokens of new Set(inputTokens)) {
      const [from, until] = this.#window(tokens);
      for (let index = from; index < until; index += 1) calls.add(this.measurements[index]?.call ?? '');
    }
    return calls.size;
  }

  /** One of those with the most similar prompts; of any prompt where the length is not known. */
  draw(inputTokens: number | undefined, random: Random): Measurement {
    const [from, until] = this.#window(inputTokens);
    return this.measurements[from + random.below(until - from)] as Measurement;
  }

  #window(inputTokens: number | undefined): readonly [from: number, until: number] {
    return inputTokens === undefined ? [0, this.count] : this.#similar(inputTokens);
  }

  /** The nearest ones by length, and all that are as near as the last of them: none is left out for its place in the list. */
  #similar(inputTokens: number): readonly [from: number, until: number] {
    const known = this.#windows.get(inputTokens);
    if (known !== undefined) return known;
    const after = (index: number): number => (this.#tokens[index] as number) - inputTokens;
    const nearest = Math.min(SIMILAR, this.count);
    // The nearest are so many in a row: they begin later as long as what would come in at their end is nearer than their first.
    const first = countWhile(this.count - nearest, (index) => -after(index) > after(index + nearest));
    const farthest = nearest === 0 ? 0 : Math.max(-after(first), after(first + nearest - 1));
    const from = countWhile(first, (index) => -after(index) > farthest);
    const until = countWhile(this.count, (index) => after(index) <= farthest);
    this.#windows.set(inputTokens, [from, until]);
    return [from, until];
  }
}

const tokensOf = ({ inputTokens = -1 }: Measurement): number => inputTokens;

const isAscending = (measurements: readonly Measurement[]): boolean =>
  measurements.every(
    (each, index) => index === 0 || tokensOf(measurements[index - 1] ?? each) <= tokensOf(each),
  );
