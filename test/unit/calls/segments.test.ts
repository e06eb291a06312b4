import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { MarkedTurn, Marks } from '../../../exporter/calls/marks.ts';
import { eouLatencyUs, segmentsOf } from '../../../exporter/calls/segments.ts';
import type { StageFact } from '../../../model/facts.ts';
import { stage, T0 } from './builders.ts';

const marked = (eouUs: number | undefined, marks: Marks): MarkedTurn => ({
  turn: { turnIndex: 0, traceId: 't', startUs: T0, endUs: T0, stages: [] },
  marks,
  spoken: {},
  ...(eouUs !== undefined && { eouUs }),
});

/** In the order in which they follow each other. */
const lengthsOf = (turn: MarkedTurn) => {
  const { endpointing, preparation, tools, llm, aggregation, tts, playout, ...others } = segmentsOf(turn);
  assert.deepEqual(others, {});
  assert.equal(tools, null);
  return [endpointing, preparation, llm, aggregation, tts, playout];
};

test('each segment ends at its mark', () => {
  const turn = marked(1_000, {
    committedUs: 1_300,
    llmStartedUs: 1_310,
    llmFirstByteUs: 1_500,
    ttsStartedUs: 1_560,
    ttsFirstByteUs: 1_650,
    playbackStartedUs: 1_670,
  });
  assert.deepEqual(lengthsOf(turn), [300, 10, 190, 60, 90, 20]);
  assert.equal(eouLatencyUs(turn), 670);
});

test('a mark that did not happen gives its time to the next segment', () => {
  const turn = marked(1_000, { llmStartedUs: 1_310, llmFirstByteUs: 1_500, playbackStartedUs: 1_670 });
  assert.deepEqual(lengthsOf(turn), [null, 310, 190, null, null, 170]);
});

test('a model that speaks by itself has no synthesis, and nothing of the silence is missing', () => {
  const turn = marked(1_000, {
    committedUs: 1_520,
    llmStartedUs: 1_530,
    llmFirstByteUs: 1_830,
    playbackStartedUs: 1_840,
  });
  assert.deepEqual(lengthsOf(turn), [520, 10, 300, null, null, 10]);
  assert.equal(eouLatencyUs(turn), 840);
});

test('work done ahead of its turn costs no waiting', () => {
  const turn = marked(1_000, {
    committedUs: 1_300,
    llmStartedUs: 900,
    llmFirstByteUs: 1_100,
    ttsStartedUs: 1_150,
    ttsFirstByteUs: 1_320,
    playbackStartedUs: 1_330,
  });
  assert.deepEqual(lengthsOf(turn), [300, 0, 0, 0, 20, 10]);
});

const tool = (startUs: number, endUs: number) => ({ ...stage('tool', 0, [0, 0]), startUs, endUs });
const withTools = (turn: MarkedTurn, tools: StageFact[]): MarkedTurn => ({
  ...turn,
  turn: { ...turn.turn, stages: tools },
});

test('tools are taken out of the preparation that they ran in, each microsecond once', () => {
  const marks = { committedUs: 1_300, llmStartedUs: 2_300, llmFirstByteUs: 2_500, playbackStartedUs: 2_600 };
  const prepared = (...tools: StageFact[]) => {
    const { preparation, tools: ran } = segmentsOf(withTools(marked(1_000, marks), tools));
    return [preparation, ran];
  };
  assert.deepEqual(prepared(), [1_000, null]);
  assert.deepEqual(prepared(tool(1_500, 1_900)), [600, 400]);
  assert.deepEqual(prepared(tool(1_500, 1_900), tool(1_700, 2_000)), [500, 500], 'two at once');
  assert.deepEqual(
    prepared(tool(1_200, 1_400), tool(2_200, 9_000)),
    [800, 200],
    'begun before, and gone on after',
  );
  assert.deepEqual(prepared(tool(2_300, 9_000)), [1_000, null], 'no one waited for it');
});

test('an agent heard before the utterance ended has neither latency nor segments', () => {
  const turn = marked(1_000, { committedUs: 1_100, playbackStartedUs: 900 });
  assert.equal(eouLatencyUs(turn), null);
  assert.ok(Object.values(segmentsOf(turn)).every((length) => length === null));
});

test('segments sum to the EOU latency to the microsecond, whatever the marks', () => {
  const instant = fc.integer({ min: T0, max: T0 + 10_000_000 });
  const tools = fc.array(
    fc.tuple(instant, instant).map(([from, to]) => tool(from, to)),
    { maxLength: 3 },
  );
  const maybe = fc.option(instant, { nil: undefined });
  const marks = fc.record({
    committedUs: maybe,
    llmStartedUs: maybe,
    llmFirstByteUs: maybe,
    ttsStartedUs: maybe,
    ttsFirstByteUs: maybe,
  });
  fc.assert(
    fc.property(instant, instant, marks, tools, (eouUs, playbackStartedUs, some, ran) => {
      const known = Object.fromEntries(Object.entries(some).filter(([, value]) => value !== undefined));
      const turn = withTools(marked(eouUs, { ...known, playbackStartedUs }), ran);
      const lengths = Object.values(segmentsOf(turn)).filter((length) => length !== null);
      const latency = eouLatencyUs(turn);
      if (latency === null) return assert.deepEqual(lengths, []);
      assert.equal(
        lengths.reduce((sum, length) => sum + length, 0),
        latency,
      );
      assert.ok(lengths.every((length) => Number.isInteger(length) && length >= 0));
    }),
  );
});
