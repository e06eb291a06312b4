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
  #calls: Calls | undefined;
  /** Where those are that `draw` is to choose from, and for which length: one is often asked for several times in a row. */
  #from = 0;
  #until = 0;
  #asked = Number.NaN;

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
    this.#calls ??= callsOf(this.measurements);
    const { names, of } = this.#calls;
    const counts = Uint32Array.from(names, (name) => drawn.get(name) ?? 0);
    const others = [...names.keys()].filter((call) => !drawn.has(names[call] as string));
    for (const _ of others) {
      const call = others[random.below(others.length)] as number;
      counts[call] = (counts[call] as number) + 1;
    }
    const measurements: Measurement[] = [];
    for (let index = 0; index < this.count; index += 1)
      for (let left = counts[of[index] as number] as number; left > 0; left -= 1)
        measurements.push(this.measurements[index] as Measurement);
    // Where nothing is measured in what was drawn, it says nothing of the model.
    return measurements.length === 0 && this.count > 0 ? this.resample(random) : new Measured(measurements);
  }

  /** In how many calls those were measured that stand for such prompts. */
  callsNear(inputTokens: Iterable<number | undefined>): number {
    const calls = new Set<string>();
    for (const tokens of new Set(inputTokens)) {
      this.#lookFor(tokens);
      for (let index = this.#from; index < this.#until; index += 1)
        calls.add(this.measurements[index]?.call ?? '');
    }
    return calls.size;
  }

  /** One of those with the most similar prompts; of any prompt where the length is not known. */
  draw(inputTokens: number | undefined, random: Random): Measurement {
    this.#lookFor(inputTokens);
    return this.measurements[this.#from + random.below(this.#until - this.#from)] as Measurement;
  }

  /** The nearest ones by length, and all that are as near as the last of them: none is left out for its place in the list. */
  #lookFor(inputTokens = Number.POSITIVE_INFINITY): void {
    if (inputTokens === this.#asked) return;
    this.#asked = inputTokens;
    const [tokens, count] = [this.#tokens, this.count];
    if (count <= SIMILAR || inputTokens === Number.POSITIVE_INFINITY) {
      this.#from = 0;
      this.#until = count;
      return;
    }
    // The nearest are so many in a row: they begin later as long as what would come in at their end is nearer than their first.
    // Searched for by hand: this is most of the work of a bootstrap.
    let [first, last] = [0, count - SIMILAR];
    while (first < last) {
      const middle = (first + last) >> 1;
      const [before, after] = [tokens[middle] as number, tokens[middle + SIMILAR] as number];
      if (inputTokens - before > after - inputTokens) first = middle + 1;
      else last = middle;
    }
    const end = first + SIMILAR;
    const distance = (index: number): number => Math.abs((tokens[index] as number) - inputTokens);
    const farthest = Math.max(distance(first), distance(end - 1));
    const isOutside = (index: number): boolean => distance(index) > farthest;
    this.#from = first > 0 && isOutside(first - 1) ? first : countWhile(first, isOutside);
    this.#until =
      end === count || isOutside(end) ? end : end + countWhile(count - end, (more) => !isOutside(end + more));
  }
}

/** Calls, and the index of that of each measurement. */
interface Calls {
  readonly names: readonly string[];
  readonly of: Uint32Array;
}

function callsOf(measurements: readonly Measurement[]): Calls {
  const indexes = new Map<string, number>();
  const of = Uint32Array.from(measurements, ({ call }) => {
    const index = indexes.get(call) ?? indexes.size;
    indexes.set(call, index);
    return index;
  });
  return { names: [...indexes.keys()], of };
}

const tokensOf = ({ inputTokens = -1 }: Measurement): number => inputTokens;

const isAscending = (measurements: readonly Measurement[]): boolean =>
  measurements.every(
    (each, index) => index === 0 || tokensOf(measurements[index - 1] ?? each) <= tokensOf(each),
  );
