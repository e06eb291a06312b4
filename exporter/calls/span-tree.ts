import type { Fact, FactBase } from '../../model/facts.ts';

/** A span's key in the journal, as text. */
export const keyOf = ({ traceId, spanId }: Pick<FactBase, 'traceId' | 'spanId'>): string =>
  `${traceId}/${spanId}`;

/** The spans above others, as far as they arrived. */
export class SpanTree {
  readonly #spans: ReadonlyMap<string, Fact>;

  constructor(facts: readonly Fact[]) {
    this.#spans = new Map(facts.map((fact) => [keyOf(fact), fact]));
  }

  /** The keys above a span, nearest first; the last one may be of a span that did not arrive. */
  *above(fact: Fact): Generator<string> {
    const visited = new Set<Fact>();
    let span: Fact | undefined = fact;
    while (span?.parentSpanId !== undefined && !visited.has(span)) {
      visited.add(span);
      const key: string = `${span.traceId}/${span.parentSpanId}`;
      yield key;
      span = this.#spans.get(key);
    }
  }

  /** What a key stands for; undefined when the span did not arrive. */
  get(key: string): Fact | undefined {
    return this.#spans.get(key);
  }
}
