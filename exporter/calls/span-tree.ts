import type { Fact, FactBase } from '../../model/facts.ts';

/** A span's key in the journal, as text. */
export const keyOf = ({ traceId, spanId }: Pick<FactBase, 'traceId' | 'spanId'>): string =>
  `${traceId}/${spanId}`;

/** Finds the nearest of some spans above a given one, as its key. */
export type FindAbove = (fact: Fact) => string | undefined;

/** The spans above others, as far as they arrived. */
export class SpanTree {
  readonly #spans = new Map<string, Fact>();

  /** Of facts with the same key the last counts. */
  constructor(facts: readonly Fact[]) {
    for (const fact of facts) this.#spans.set(keyOf(fact), fact);
  }

  /** How many spans there are. */
  get size(): number {
    return this.#spans.size;
  }

  /**
   * A search for the nearest span above another that `matches`. Every span is looked at once, however many searches
   * are made and however deep the tree is; a circle of parents ends where it closes. A span that did not arrive has a
   * key and no fact, and nothing above it.
   */
  finder(matches: (key: string, fact: Fact | undefined) => boolean): FindAbove {
    /** What is found at a key or above it; undefined: nothing. */
    const found = new Map<string, string | undefined>();
    return (fact) => {
      const passed: string[] = [];
      let key = parentKeyOf(fact);
      while (key !== undefined && !found.has(key)) {
        const span = this.#spans.get(key);
        // Passing here again, round a circle, finds nothing.
        found.set(key, undefined);
        if (matches(key, span)) {
          found.set(key, key);
          break;
        }
        passed.push(key);
        key = span && parentKeyOf(span);
      }
      const result = key === undefined ? undefined : found.get(key);
      if (result !== undefined) for (const below of passed) found.set(below, result);
      return result;
    };
  }
}

const parentKeyOf = ({ traceId, parentSpanId }: Fact): string | undefined =>
  parentSpanId === undefined ? undefined : `${traceId}/${parentSpanId}`;
