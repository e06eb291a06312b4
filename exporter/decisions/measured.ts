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
  readonly #tokens: readonly number[];
  readonly #calls: readonly string[];
  /** Where those of similar prompts are, by the length that was asked for. */
  readonly #windows = new Map<number, readonly [from: number, until: number]>();

  constructor(measurements: readonly Measurement[]) {
    const tokensOf = ({ inputTokens = -1 }: Measurement): number => inputTokens;
    this.measurements = measurements.toSorted((a, b) => tokensOf(a) - tokensOf(b));
    this.#tokens = this.measurements.map(tokensOf);
    this.#calls = [...new Set(this.measurements.map(({ call }) => call))];
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
    const others = this.#calls.filter((call) => !drawn.has(call));
    const counts = new Map(drawn);
    for (const _ of others) {
      const call = others[random.below(others.length)] ?? '';
      counts.set(call, (counts.get(call) ?? 0) + 1);
    }
    const measurements = this.measurements.flatMap((measurement) =>
      Array<Measurement>(counts.get(measurement.call) ?? 0).fill(measurement),
    );
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
    let [low, high] = [0, this.count];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#tokens[middle] as number) < inputTokens) low = middle + 1;
      else high = middle;
    }
    const distance = (index: number): number =>
      Math.abs((this.#tokens[index] ?? Number.POSITIVE_INFINITY) - inputTokens);
    let [from, until, farthest] = [low, low, 0];
    for (;;) {
      const [below, above] = [distance(from - 1), distance(until)];
      const next = Math.min(below, above);
      if (next === Number.POSITIVE_INFINITY || (until - from >= SIMILAR && next > farthest)) break;
      farthest = next;
      if (below <= above) from -= 1;
      else until += 1;
    }
    this.#windows.set(inputTokens, [from, until]);
    return [from, until];
  }
}
