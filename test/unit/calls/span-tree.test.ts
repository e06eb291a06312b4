import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { keyOf, SpanTree } from '../../../exporter/calls/span-tree.ts';
import type { Fact } from '../../../model/facts.ts';
import { stage } from './builders.ts';

/** Spans whose parents are any of them, themselves included, or have not arrived. */
const anyTree = fc
  .array(fc.record({ parent: fc.option(fc.nat(9), { nil: undefined }), marked: fc.boolean() }), {
    maxLength: 9,
  })
  .map((spans) =>
    spans.map(
      ({ parent, marked }, index): Fact =>
        stage('llm', undefined, [0, 1], {
          traceId: 'trace',
          spanId: String(index),
          name: marked ? 'marked' : 'plain',
          ...(parent !== undefined && { parentSpanId: String(parent) }),
        }),
    ),
  );

/** As one would write it: up from the span until one is marked, or a span comes again. */
function walkUp(facts: readonly Fact[], from: Fact): string | undefined {
  const passed = new Set<Fact>();
  for (let span: Fact | undefined = from; span?.parentSpanId !== undefined && !passed.has(span); ) {
    passed.add(span);
    const key: string = `trace/${span.parentSpanId}`;
    span = facts.find((fact) => keyOf(fact) === key);
    if (span?.name === 'marked') return key;
  }
  return undefined;
}

test('the nearest marked span is found from every span, in trees with circles and gaps', () => {
  fc.assert(
    fc.property(anyTree, (facts) => {
      const find = new SpanTree(facts).finder((_, span) => span?.name === 'marked');
      for (const fact of facts) assert.equal(find(fact), walkUp(facts, fact));
    }),
  );
});
