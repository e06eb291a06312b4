import assert from 'node:assert/strict';
import { test } from 'node:test';
import { finalizeCall } from '../../../exporter/finalize.ts';
import type { Fact } from '../../../model/facts.ts';
import { at, call, stage, turn } from './builders.ts';
import { PRICES } from './golden.ts';

const rows = (...facts: Fact[]) => finalizeCall(facts, PRICES);

test('where nothing shows when the user spoke, interruptions and who opened a turn are unknown', () => {
  const { metrics, logs } = rows(
    turn(0, [0, 5_000], { initiator: 'agent', interrupted: false }),
    stage('tts', 0, [1_000, 1_100, 2_000]),
    stage('playback', 0, [1_100, 3_000]),
  );
  assert.deepEqual(
    [logs[0]?.initiator, logs[0]?.interrupted, logs[0]?.interruption_kind],
    [null, null, null],
  );
  assert.deepEqual(
    [metrics.interruption_count, metrics.interruption_rate, metrics.false_interruption_count],
    [null, null, null],
  );
  assert.equal(metrics.unanswered_count, null);
});

test('a transcription shows when the user speaks, whether or not there were words', () => {
  const { metrics, logs } = rows(
    turn(0, [0, 5_000], { initiator: 'agent', interrupted: false }),
    stage('stt', undefined, [0, 5_000]),
    stage('playback', 0, [1_100, 3_000]),
  );
  assert.deepEqual(
    [logs[0]?.initiator, logs[0]?.interrupted, metrics.interruption_count],
    ['agent', false, 0],
  );
});

test('in a call that shows what is played, a turn in which nothing was played has cost and no latency', () => {
  const { metrics, logs } = rows(
    turn(0, [0, 5_000], { initiator: 'user', speechEndedUs: at(1_000), eouSource: 'vad' }),
    stage('llm', 0, [1_100, 1_300, 1_500], {
      provider: 'groq',
      model: 'llama',
      usage: { inputTokens: 1_000_000, outputTokens: 1 },
    }),
    stage('tts', 0, [1_400, 1_500, 2_000]),
    turn(1, [5_000, 9_000], { initiator: 'user', speechEndedUs: at(6_000), eouSource: 'vad' }),
    stage('tts', 1, [6_400, 6_500, 7_000]),
    stage('playback', 1, [6_600, 8_000]),
  );
  assert.deepEqual([logs[0]?.eou_latency, logs[0]?.ttfb_llm, logs[0]?.ttfb_tts], [null, null, null]);
  assert.equal(logs[0]?.cost_llm?.toFixed(6), '0.500001');
  assert.deepEqual([logs[1]?.eou_latency, metrics.eou_latency_avg, metrics.unanswered_count], [0.6, 0.6, 1]);
});

test('a caller who has to say it again has waited since the first time', () => {
  const utterances = [
    { startedUs: at(0), endedUs: at(1_000), committedUs: at(1_300) },
    { startedUs: at(6_000), endedUs: at(7_000), committedUs: at(7_300) },
  ];
  const heard = stage('playback', 0, [8_000, 9_000]);
  const { metrics, logs } = rows(
    turn(0, [0, 9_000], {
      initiator: 'user',
      speechEndedUs: at(7_000),
      committedUs: at(7_300),
      eouSource: 'vad',
      utterances,
    }),
    heard,
  );
  assert.deepEqual(
    [logs[0]?.eou_latency, logs[0]?.segment_endpointing, metrics.unanswered_count],
    [7, 0.3, 1],
  );

  const goesOn = [
    utterances[0],
    { startedUs: at(1_800), endedUs: at(7_000), committedUs: at(7_300) },
  ].flatMap((one) => one ?? []);
  const pause = rows(
    turn(0, [0, 9_000], {
      initiator: 'user',
      speechEndedUs: at(7_000),
      committedUs: at(7_300),
      eouSource: 'vad',
      utterances: goesOn,
    }),
    heard,
  );
  assert.deepEqual([pause.logs[0]?.eou_latency, pause.metrics.unanswered_count], [1, 0]);
});

test('audio that was made and not played when the call ended was hung up on', () => {
  const cut = (endMs: number) =>
    rows(
      call([0, endMs]),
      turn(0, [0, 4_000], { initiator: 'user', interrupted: false }),
      stage('tts', 0, [1_000, 1_100, 2_000], { usage: { audioSeconds: 6 } }),
      stage('playback', 0, [1_100, 4_000]),
    ).logs[0]?.cut_off_by;
  assert.equal(cut(4_200), 'hangup');
  assert.equal(cut(40_000), null);
});

test('a turn that was cut off in the words of the model, before its synthesis, was not interrupted', () => {
  const { metrics, logs } = rows(
    turn(0, [0, 2_000], { initiator: 'user', interrupted: true }),
    stage('llm', 0, [1_100, 1_500, 1_600]),
    turn(1, [2_000, 9_000], { initiator: 'user', speechEndedUs: at(3_000), eouSource: 'vad' }),
    stage('tts', 1, [4_000, 4_200, 5_000]),
  );
  assert.deepEqual([logs[0]?.interrupted, logs[0]?.ttfb_llm, metrics.interruption_count], [false, null, 0]);
});

test('clocks that disagree: a stage that ends before its turn begins, or outlives it, is compared with nothing', () => {
  const skewed = (...stages: Fact[]) => {
    const { metrics, logs } = rows(
      turn(0, [1_400, 9_400], {
        initiator: 'user',
        speechEndedUs: at(3_400),
        committedUs: at(3_800),
        eouSource: 'vad',
      }),
      ...stages,
    );
    const row = logs[0];
    return [
      metrics.clock_skew_count,
      row?.ttfb_llm,
      row?.ttfb_tts,
      row?.eou_latency,
      row?.segment_llm,
      row?.latency_stt,
    ];
  };
  const llm = stage('llm', 0, [3_800, 4_200, 4_600], { usage: { outputTokens: 10 } });
  const said = { usage: { characters: 40 } };
  assert.deepEqual(skewed(llm, stage('tts', 0, [4_300, 4_500, 5_000], said)), [0, 0.4, 0.2, 1.1, 0.4, null]);
  // Behind, so far that it is over before the turn begins; behind by less; ahead; and the model's host.
  assert.deepEqual(skewed(llm, stage('tts', 0, [0, 200, 1_200], said)), [1, 0.4, 0.2, null, null, null]);
  assert.deepEqual(skewed(llm, stage('tts', 0, [2_900, 3_100, 4_100], said)), [
    1,
    0.4,
    0.2,
    null,
    null,
    null,
  ]);
  assert.deepEqual(skewed(llm, stage('tts', 0, [8_600, 8_800, 9_800], said)), [
    1,
    0.4,
    0.2,
    null,
    null,
    null,
  ]);
  // Behind by so little that it goes on after the answer has begun.
  assert.deepEqual(skewed(llm, stage('tts', 0, [3_500, 3_700, 4_700], said)), [
    1,
    0.4,
    0.2,
    null,
    null,
    null,
  ]);
  const ahead = stage('llm', 0, [8_000, 8_400, 8_800], { usage: { outputTokens: 10 } });
  assert.deepEqual(skewed(ahead, stage('tts', 0, [4_300, 4_500, 5_000], said)), [
    1,
    0.4,
    0.2,
    null,
    null,
    null,
  ]);
  // The transcription's host.
  assert.deepEqual(
    skewed(llm, stage('stt', 0, [0, 500, 1_000]), stage('tts', 0, [4_300, 4_500, 5_000], said)),
    [1, 0.4, 0.2, null, null, null],
  );
});

test('a filler before the answer is no disagreement of clocks', () => {
  const { metrics, logs } = rows(
    turn(0, [0, 9_400], { initiator: 'user', speechEndedUs: at(1_000), eouSource: 'vad' }),
    stage('llm', 0, [1_100, 4_200, 4_600], { usage: { outputTokens: 60 } }),
    stage('tts', 0, [1_200, 1_300, 2_000], { usage: { characters: 11 } }),
    stage('playback', 0, [1_400, 2_400]),
  );
  assert.deepEqual([metrics.clock_skew_count, logs[0]?.eou_latency], [0, 0.4]);
});
