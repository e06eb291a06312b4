import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readFact } from '../../../exporter/dialects/index.ts';
import { finalizeCall } from '../../../exporter/finalize.ts';
import type { Fact } from '../../../model/facts.ts';
import type { SpanRecord } from '../../../model/span-record.ts';
import { recordedSpans } from '../../support/otlp-json.ts';
import { RECORDING_PRICES } from '../../support/recorded-rows.ts';

const RECORDINGS = [
  ...['livekit-js', 'livekit-python', 'pipecat', 'openinference', 'traceloop'],
  ...['ai-sdk', 'ai-sdk-legacy', 'anthropic', 'genai'],
];
const spans = RECORDINGS.flatMap(recordedSpans);

const nonsense = fc.oneof(
  fc.anything(),
  fc.double(),
  fc.constantFrom(-1, 0, '', '[]', '{}', 'null', '{"timestamp":1e300,"durationMs":-1,"ttfbMs":1e308}'),
);

/** A real span of which any attribute may be anything, and the times too. */
const spoilt = fc.constantFrom(...spans).chain((span) =>
  fc.record({
    span: fc.constant(span),
    attributes: fc.dictionary(
      fc.constantFrom(...Object.keys(span.attributes), 'gen_ai.operation.name'),
      nonsense,
    ),
    endUs: fc.oneof(fc.constant(span.endUs), fc.integer()),
  }),
);

const apply = ({
  span,
  attributes,
  endUs,
}: {
  span: SpanRecord;
  attributes: object;
  endUs: number;
}): SpanRecord => ({
  ...span,
  endUs,
  attributes: { ...span.attributes, ...attributes },
});

const isClean = (fact: Fact): void => {
  assert.deepEqual(JSON.parse(JSON.stringify(fact)), fact);
  assert.ok(typeof fact.callId === 'string' && fact.callId !== '');
  assert.ok(Object.values(fact).every((value) => value !== undefined && !Number.isNaN(value)));
  if (fact.type !== 'stage' || fact.firstByteUs === undefined) return;
  assert.ok(Number.isSafeInteger(fact.startUs) && Number.isSafeInteger(fact.firstByteUs));
};

test('nonsense in any attribute of any recorded span never throws, and every fact survives JSON', () => {
  fc.assert(
    fc.property(spoilt, (change) => {
      const fact = readFact(apply(change));
      if (fact !== undefined) isClean(fact);
    }),
    { numRuns: 2_000 },
  );
});

test('calls with spoilt spans have rows, the same in any order', () => {
  const delivery = fc.array(spoilt, { minLength: 1, maxLength: 30 }).chain((changes) => {
    const facts = changes.flatMap((change) => readFact(apply(change)) ?? []);
    return fc.record({
      facts: fc.constant(facts),
      shuffled: fc.shuffledSubarray(facts, { minLength: facts.length }),
    });
  });
  const ofCall = (facts: readonly Fact[], id: string): Fact[] => facts.filter(({ callId }) => callId === id);
  fc.assert(
    fc.property(delivery, ({ facts, shuffled }) => {
      for (const id of new Set(facts.map(({ callId }) => callId))) {
        assert.deepEqual(
          finalizeCall(ofCall(shuffled, id), RECORDING_PRICES),
          finalizeCall(ofCall(facts, id), RECORDING_PRICES),
        );
      }
    }),
    { numRuns: 200 },
  );
});

/** Every way in which a span of the recordings names its call. */
const CALL_NAMES = new Set([
  ...['voice.call.id', 'gen_ai.conversation.id', 'session.id'],
  'traceloop.association.properties.session_id',
]);

test('a span without a call is of none, unless its trace is one call', () => {
  for (const span of spans) {
    const attributes = Object.fromEntries(
      Object.entries(span.attributes).filter(([name]) => !CALL_NAMES.has(name)),
    );
    const fact = readFact({ ...span, attributes });
    const isTraceOfOneCall = /^(livekit-agents|pipecat)/.test(span.scopeName ?? '');
    assert.equal(fact?.callId, isTraceOfOneCall ? span.traceId : undefined, `${span.scopeName} ${span.name}`);
  }
});
