import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readScores } from '../../../cli/commands/score.ts';
import { readFact } from '../../../exporter/dialects/index.ts';
import { finalizeCall } from '../../../exporter/finalize.ts';
import { catalogue } from '../../../exporter/pricing/index.ts';
import { giveScores, InvalidRecordError, type Queryable } from '../../../exporter/store/public.ts';
import { splitCalls } from '../../../exporter/store/split.ts';
import type { Fact } from '../../../model/facts.ts';
import { ATTR, EVENT, SPAN } from '../../../model/semconv.ts';
import type { SpanRecord } from '../../../model/span-record.ts';
import { callFact, REFERENCE_US, turnFact } from '../../support/call-rows.ts';

const HOUR_US = 3_600_000_000;
const CALL = { [ATTR.conversationId]: 'C1' };

const span = (overrides: Partial<SpanRecord>): SpanRecord => ({
  ...{ traceId: 't', spanId: 's', name: 'judge', startUs: REFERENCE_US, endUs: REFERENCE_US + 1_000 },
  ...{ statusCode: 0, attributes: CALL, events: [], resource: {} },
  ...overrides,
});
const evaluation = (name: string, told: object, timeUs = REFERENCE_US + 500) => ({
  name: EVENT.evaluationResult,
  timeUs,
  attributes: { [ATTR.evaluationName]: name, ...told },
});
const read = (overrides: Partial<SpanRecord>): Fact => {
  const fact = readFact(span(overrides));
  assert.ok(fact);
  return fact;
};

describe('scores that spans tell', () => {
  test('are attributes of the call', () => {
    const attributes = {
      ...{ [ATTR.callId]: 'C1', [`${ATTR.score}.politeness`]: 0.9, [`${ATTR.score}.solved`]: 'yes' },
      ...{ [`${ATTR.score}.a b`]: 1, [`${ATTR.score}.nan`]: Number.NaN, [`${ATTR.score}.flag`]: true },
    };
    const atUs = REFERENCE_US + 1_000;
    assert.deepEqual(read({ name: SPAN.call, attributes }).scores, [
      { name: 'politeness', value: 0.9, atUs },
      { name: 'solved', label: 'yes', atUs },
    ]);
  });

  test('are evaluations by the conventions: events of any span of the call, and spans of their own', () => {
    const events = [
      evaluation('Answer Relevance', { [ATTR.evaluationScore]: 4, [ATTR.evaluationLabel]: 'relevant' }),
      evaluation('failed', { 'error.type': 'timeout' }),
      evaluation('x\u001b[31m', { [ATTR.evaluationScore]: 1 }),
      { ...evaluation('other', { [ATTR.evaluationScore]: 1 }), name: 'gen_ai.other' },
    ];
    const attributes = { ...CALL, [ATTR.evaluationName]: 'toxicity', [ATTR.evaluationScore]: 0 };
    assert.deepEqual(read({ attributes, events }).scores, [
      { name: 'toxicity', value: 0, atUs: REFERENCE_US + 1_000 },
      { name: 'Answer_Relevance', value: 4, label: 'relevant', atUs: REFERENCE_US + 500 },
    ]);
    const chat = { ...CALL, [ATTR.operationName]: 'chat', [ATTR.providerName]: 'groq' };
    const onRequest = read({ attributes: chat, events: events.slice(0, 1) });
    assert.equal(onRequest.type, 'stage');
    assert.equal(onRequest.scores?.[0]?.value, 4);
  });

  test('say nothing of what was said: an explanation is not read', () => {
    const events = [
      evaluation('r', { [ATTR.evaluationScore]: 1, 'gen_ai.evaluation.explanation': 'Zebulon' }),
    ];
    assert.doesNotMatch(JSON.stringify(read({ events })), /Zebulon/);
  });

  test('are no more than a call can have', () => {
    const events = Array.from({ length: 100 }, (_, n) => evaluation(`e${n}`, { [ATTR.evaluationScore]: n }));
    assert.equal(read({ events }).scores?.length, 64);
  });

  test('are counted where they are left out, in whole or in part', () => {
    const dropped = (overrides: Partial<SpanRecord>) => {
      let count = 0;
      const limited = (attributes: number) => {
        count += attributes;
      };
      readFact(span(overrides), { captureContent: false, limited });
      return count;
    };
    const score = (name: string, value: number | string) => ({
      attributes: { ...CALL, [`${ATTR.score}.${name}`]: value },
    });
    assert.equal(dropped(score('tone', 1)), 0);
    for (const bad of [score('a b', 1), score('n', Number.NaN), score('n', 1e16), score('n', 'x'.repeat(65))])
      assert.equal(dropped(bad), 1);
    const told = { [ATTR.evaluationScore]: 4, [ATTR.evaluationLabel]: 'x'.repeat(500) };
    assert.equal(dropped({ events: [evaluation('r', told), evaluation('failed', {})] }), 1);
    assert.equal(read({ events: [evaluation('r', told)] }).scores?.[0]?.value, 4);
    const many = Array.from({ length: 100 }, (_, n) => evaluation(`e${n}`, { [ATTR.evaluationScore]: n }));
    assert.equal(dropped({ events: many }), 36);
  });
});

describe('the rows of scores', () => {
  const score = (name: string, value: number, atUs: number) => ({ name, value, atUs });
  const judged = (spanId: string, startUs: number, ...scores: ReturnType<typeof score>[]): Fact => ({
    ...{ type: 'other', traceId: 'late', spanId, callId: 'C1', name: 'judge' },
    ...{ startUs, endUs: startUs + 1_000, scores },
  });
  const facts: Fact[] = [
    callFact('C1', { scores: [score('tone', 1, REFERENCE_US), score('zeal', 5, REFERENCE_US)] }),
    turnFact('C1', 0),
    judged('01', REFERENCE_US + 5 * HOUR_US, score('tone', 3, REFERENCE_US + 5 * HOUR_US)),
    judged('02', REFERENCE_US + 4 * HOUR_US, score('tone', 2, REFERENCE_US + 4 * HOUR_US)),
  ];

  test('have the last word on each name, in whatever order it comes', () => {
    const rows = (of: readonly Fact[]) => finalizeCall(of, catalogue()).scores;
    assert.deepEqual(
      rows(facts)?.map(({ name, value, source }) => [name, value, source]),
      [
        ['tone', 3, 'span'],
        ['zeal', 5, 'span'],
      ],
    );
    assert.deepEqual(rows(facts.toReversed()), rows(facts));
    assert.equal(finalizeCall([callFact('C1')], catalogue()).scores, undefined);
  });

  test('an evaluation that comes hours later is of the call, which it makes no longer', () => {
    const calls = splitCalls(facts, HOUR_US);
    assert.deepEqual(
      calls.map(({ length }) => length),
      [4],
    );
    const [, ...withoutCall] = facts;
    const { metrics } = finalizeCall(withoutCall, catalogue());
    assert.ok(metrics.duration_seconds < 60, `${metrics.duration_seconds}`);
    const again = turnFact('C1', 0, {
      startUs: REFERENCE_US + 6 * HOUR_US,
      endUs: REFERENCE_US + 6 * HOUR_US,
    });
    assert.equal(splitCalls([...facts, again], HOUR_US).length, 2);
  });

  test('one that comes hours before is of the call, too, which begins no sooner', () => {
    const [, ...parts] = facts;
    const early = judged('03', REFERENCE_US - 5 * HOUR_US, score('zeal', 4, REFERENCE_US - 5 * HOUR_US));
    const [call = [], ...others] = splitCalls([...parts, early], HOUR_US);
    assert.deepEqual([call.length, others], [4, []]);
    const { metrics, scores } = finalizeCall(call, catalogue());
    assert.deepEqual(
      scores?.map(({ name }) => name),
      ['tone', 'zeal'],
    );
    assert.ok(metrics.duration_seconds < 60, `${metrics.duration_seconds}`);
  });
});

test('scores of the command are a number or a word, the last of each name', () => {
  assert.deepEqual(readScores(['politeness=0.9', 'solved=yes', 'n=-1', 'n=2', 'c=1e5', 'd=-2.5E-3']), [
    { name: 'politeness', value: 0.9 },
    { name: 'solved', label: 'yes' },
    { name: 'n', value: 2 },
    { name: 'c', value: 100_000 },
    { name: 'd', value: -0.0025 },
  ]);
  for (const value of ['NaN', 'Infinity', '-inf', '1e400', '1e16', '9'.repeat(46)])
    assert.throws(() => readScores([`c=${value}`]), /expected a number from -1e\+15 to 1e\+15, or a word/);
  assert.throws(() => readScores(['politeness']), /saw politeness, expected NAME=VALUE/);
  assert.throws(() => readScores(['a b=1']), /expected NAME=VALUE/);
  assert.throws(() => readScores(['a=']), /a: saw , expected a number .*, or a word/);
  assert.throws(() => readScores(['a=\u001b[31m']), /expected a number .*, or a word/);
});

test('scores of a program are refused where they cannot be, before the database is asked', async () => {
  const db = { query: () => assert.fail('the database was asked') } as unknown as Queryable;
  const refused: readonly (readonly [says: RegExp, ...scores: object[]])[] = [
    [
      /^scores\[0\]\.name: saw a text of 2 characters, expected 1 to 64 letters/,
      { name: '\u001b[', value: 1 },
    ],
    [/^scores\[0\]\.name: saw a text of 5000 characters/, { name: 'x'.repeat(5_000), value: 1 }],
    [/^scores\[0\]\.value: saw the number NaN, expected a number from/, { name: 'a', value: Number.NaN }],
    [/^scores\[0\]\.value: saw the number Infinity/, { name: 'a', value: Number.POSITIVE_INFINITY }],
    [/^scores\[0\]\.label: saw a text of 500 characters/, { name: 'a', value: 1, label: '\0'.repeat(500) }],
    [/^scores\[0\]\.value: saw a value of type undefined, expected .* or a word/, { name: 'a' }],
    [/^scores\[1\]\.name: a is there twice/, { name: 'a', value: 1 }, { name: 'a', value: 2 }],
  ];
  for (const [says, ...scores] of refused)
    await assert.rejects(giveScores(db, 'default/C1', scores as never), (error: Error) => {
      assert.ok(error instanceof InvalidRecordError);
      return says.test(error.message);
    });
});
