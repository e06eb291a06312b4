import assert from 'node:assert/strict';
import { test } from 'node:test';
import { groupCall } from '../../../exporter/calls/group.ts';
import type { OtherFact } from '../../../model/facts.ts';
import { at, call, stage, turn } from './builders.ts';

const shape = (facts: Parameters<typeof groupCall>[0]): Record<number, string[]> =>
  Object.fromEntries(
    groupCall(facts).turns.map(({ turnIndex, stages }) => [turnIndex, stages.map(({ name }) => name)]),
  );

test('a stage goes to the turn of its number, in order of start', () => {
  const facts = [
    stage('tts', 0, [30, 40]),
    turn(1, [100, 200]),
    stage('llm', 0, [10, 20]),
    stage('llm', 1, [110, 120]),
    turn(0, [0, 90]),
  ];
  assert.deepEqual(shape(facts), { 0: ['llm', 'tts'], 1: ['llm'] });
});

test('a stage without a number goes to the turn span above it, through spans that no one knows', () => {
  const own = turn(0, [0, 90], { traceId: 'session', spanId: 'a' });
  const other = turn(1, [100, 190], { traceId: 'session', spanId: 'b' });
  const wrapper = {
    type: 'other',
    traceId: 'session',
    spanId: 'w',
    parentSpanId: 'b',
    callId: 'C1',
    name: 'my function',
    startUs: at(100),
    endUs: at(150),
  } as const;
  const llm = stage('llm', undefined, [110, 120], { traceId: 'session', parentSpanId: 'w' });
  assert.deepEqual(shape([own, other, wrapper, llm]), { 0: [], 1: ['llm'] });
});

test('a stage without number and parent goes to the only turn of its trace, and to the call where there are two', () => {
  const llm = stage('llm', undefined, [10, 20], { traceId: 'session' });
  const first = turn(0, [0, 90], { traceId: 'session' });
  assert.deepEqual(shape([first, llm]), { 0: ['llm'] });
  const both = groupCall([first, turn(1, [100, 190], { traceId: 'session' }), llm]);
  assert.deepEqual(
    both.turns.map(({ stages }) => stages.length),
    [0, 0],
  );
  assert.deepEqual(both.stages, [llm]);
});

test('spans that are their own parents end the search', () => {
  const llm = stage('llm', undefined, [10, 20], { traceId: 't', spanId: 'x', parentSpanId: 'y' });
  const tts = stage('tts', undefined, [10, 20], { traceId: 't', spanId: 'y', parentSpanId: 'x' });
  assert.deepEqual(shape([llm, tts]), {});
});

test('a turn whose span was lost is made of its stages', () => {
  const { turns } = groupCall([stage('llm', 3, [10, 20]), stage('tts', 3, [15, 60])]);
  assert.deepEqual(
    turns.map(({ turnIndex, startUs, endUs, fact }) => ({ turnIndex, startUs, endUs, fact })),
    [{ turnIndex: 3, startUs: at(10), endUs: at(60), fact: undefined }],
  );
});

test('a process that counts from 0 again loses no turn', () => {
  const facts = [
    turn(0, [0, 90], { traceId: 'before-0' }),
    turn(1, [100, 190], { traceId: 'before-1' }),
    turn(0, [500, 590], { traceId: 'after-0' }),
    stage('llm', 0, [510, 520], { traceId: 'after-0' }),
    stage('tts', 0, [30, 40], { traceId: 'before-0' }),
  ];
  assert.deepEqual(shape(facts), { 0: ['tts'], 1: [], 2: ['llm'] });
});

test('the call span gives the bounds; without it the first and the last fact do', () => {
  const facts = [turn(0, [50, 90]), stage('llm', 0, [60, 120])];
  const open = groupCall(facts);
  assert.deepEqual([open.startUs, open.endUs], [at(50), at(120)]);
  const closed = groupCall([...facts, call([0, 1000])]);
  assert.deepEqual([closed.startUs, closed.endUs], [at(0), at(1000)]);
});

test('two spans of one call are one: first start, last end, last word', () => {
  const { fact } = groupCall([
    call([500, 900], { outcome: 'SUCCESS' }),
    call([0, 400], { outcome: 'FAIL', direction: 'inbound' }),
  ]);
  assert.deepEqual(
    [fact?.startUs, fact?.endUs, fact?.outcome, fact?.direction],
    [at(0), at(900), 'SUCCESS', 'inbound'],
  );
});

test('facts of two calls, or none, are a mistake of the caller', () => {
  assert.throws(() => groupCall([]), RangeError);
  assert.throws(() => groupCall([call([0, 1]), call([0, 1], { callId: 'C2' })]), RangeError);
});

test('turns whose numbers no call can reach get the next free ones', () => {
  const largest = 2 ** 31 - 1;
  const facts = [turn(0, [0, 10]), turn(largest, [20, 30]), turn(largest, [40, 50], { traceId: 'other' })];
  assert.deepEqual(shape(facts), { 0: [], 1: [], 2: [] });
});

test('a call is sorted by the tags of its program and, over them, its own: the last word of each counts', () => {
  const resourceTags = { region: 'eu', plan: 'basic' };
  const late: OtherFact = {
    type: 'other',
    ...{ traceId: 'call', spanId: 'late', callId: 'C1', name: 'update' },
    ...{ startUs: at(900), endUs: at(900), resourceTags, tags: { escalated: 'true', plan: 'gold' } },
    call: { recordingUrl: 's3://recordings/C1.wav' },
  };
  const facts = [
    turn(0, [0, 90], { resourceTags, serviceVersion: '2', deploymentEnvironment: 'staging' }),
    call([0, 900], {
      resourceTags,
      tags: { plan: 'silver', vip: 'no' },
      recordingUrl: 's3://recordings/first.wav',
    }),
    late,
  ];
  for (const order of [facts, facts.toReversed()]) {
    const { tags, serviceVersion, deploymentEnvironment, fact, endUs } = groupCall(order);
    assert.deepEqual(tags, { region: 'eu', plan: 'gold', vip: 'no', escalated: 'true' });
    assert.deepEqual([serviceVersion, deploymentEnvironment], ['2', 'staging']);
    assert.equal(fact?.recordingUrl, 's3://recordings/C1.wav');
    assert.equal(endUs, at(900));
  }
});

test('of versions of one span the one that ended last counts, in whatever order they come', () => {
  const usage = { inputTokens: 1_000, outputTokens: 100 };
  const started = stage('llm', 0, [10, 10], { spanId: 'x' });
  const ended = stage('llm', 0, [10, 20], { spanId: 'x', usage });
  for (const facts of [
    [started, ended],
    [ended, started],
  ]) {
    assert.deepEqual(groupCall(facts).stages, [ended]);
  }
});
