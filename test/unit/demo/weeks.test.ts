import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CAST, PAUSES } from '../../../demo/weeks/cast.ts';
import { chanceOf } from '../../../demo/weeks/chance.ts';
import { silenceOf } from '../../../demo/weeks/silence.ts';
import { spansOf } from '../../../demo/weeks/spans.ts';
import { speechOf } from '../../../demo/weeks/speech.ts';
import { truthOf } from '../../../demo/weeks/truth.ts';
import { simulateCall, simulateWeeks } from '../../../demo/weeks/weeks.ts';
import { readFact } from '../../../exporter/dialects/index.ts';
import { finalizeCall } from '../../../exporter/finalize.ts';
import { catalogue } from '../../../exporter/pricing/index.ts';
import { SEGMENTS } from '../../../model/vocabulary.ts';

/** With this seed so few calls have all that there is. */
const WEEK = { seed: 5, days: 7, calls: 160, untilUs: Date.UTC(2026, 10, 20) * 1_000 };
const weeks = [...simulateWeeks(WEEK)];
const spansOfCalls = weeks.map(spansOf);
const spans = spansOfCalls.flat();
const rows = spansOfCalls.map((own) =>
  finalizeCall(
    own.flatMap((span) => readFact(span) ?? []),
    catalogue(),
  ),
);

test('the same seed simulates the same calls, and another one others', () => {
  assert.equal(JSON.stringify([...simulateWeeks(WEEK)].flatMap(spansOf)), JSON.stringify(spans));
  assert.notDeepEqual([...simulateWeeks({ ...WEEK, seed: 6, calls: 1 })], weeks.slice(0, 1));
});

test('all calls are within the days that were asked for, and no two spans have the same ids', () => {
  for (const { startUs, seconds } of weeks) {
    assert.ok(startUs >= WEEK.untilUs - 7 * 86_400_000_000);
    assert.ok(startUs + seconds * 1e6 <= WEEK.untilUs);
  }
  assert.equal(new Set(spans.map(({ traceId, spanId }) => traceId + spanId)).size, spans.length);
  assert.ok(
    spans.every(({ traceId, spanId }) => /^[0-9a-f]{32}\/[0-9a-f]{16}$/.test(`${traceId}/${spanId}`)),
  );
});

test('rows say what happened: each silence to the microsecond, every turn, and who interrupted', () => {
  for (const [n, call] of weeks.entries()) {
    const { metrics, logs } = rows[n] ?? assert.fail();
    assert.equal(logs.length, call.turns.length, call.callId);
    assert.equal(metrics.outcome, call.outcome ?? null);
    assert.equal(metrics.agent_name, call.agent.name);
    assert.deepEqual(metrics.tags, { 'earshot.demo': 'true', language: call.language });
    for (const [index, turn] of call.turns.entries()) {
      const row = logs[index];
      const said = turn.stretches.at(-1);
      const silence = said && turn.heardAt !== undefined ? turn.heardAt - said.endedAt : null;
      const off = Math.abs((row?.eou_latency ?? -1) - (silence ?? -1));
      assert.ok(off < 3e-6, `${call.callId} turn ${index}: ${row?.eou_latency}, really ${silence}`);
      if (silence !== null) {
        const { parts } = silenceOf(turn) ?? assert.fail();
        for (const segment of SEGMENTS) {
          const [is, really] = [row?.[`segment_${segment}`] ?? 0, parts[segment]];
          assert.ok(
            Math.abs(is - really) < 3e-6,
            `${call.callId} turn ${index} ${segment}: ${is}, ${really}`,
          );
        }
      }
      const bargedIn = turn.interruptions.some(({ kind }) => kind === 'barge_in');
      assert.equal(row?.interrupted ?? false, bargedIn, `${call.callId} turn ${index}`);
    }
  }
});

test('who spoke how long is what was said and played, to the millisecond', () => {
  for (const [n, call] of weeks.entries()) {
    const { metrics } = rows[n] ?? assert.fail();
    const really = speechOf(call);
    const pairs = [
      [metrics.user_speech_seconds, really.user],
      [metrics.agent_speech_seconds, really.agent],
      [metrics.overlap_seconds, really.overlap],
      [metrics.longest_silence, really.longestSilence],
      [metrics.dead_air_seconds, really.deadAir],
      [metrics.unanswered_count, really.unanswered],
    ] as const;
    for (const [is, truth] of pairs)
      if (is !== null) assert.ok(Math.abs(is - truth) < 0.001, `${call.callId}: ${is}, really ${truth}`);
  }
  assert.ok(rows.filter(({ metrics }) => metrics.longest_silence !== null).length > 100);
});

test('everything has a price, and clocks agree', () => {
  for (const { metrics } of rows) {
    assert.deepEqual(metrics.unpriced, [], metrics.call_id);
    assert.ok(!metrics.clock_skew_count, metrics.call_id);
  }
});

test('all that there is in calls is in a week of them', () => {
  const logs = rows.flatMap((each) => each.logs);
  const words = <T>(values: readonly T[]) => [...new Set(values)].sort();
  assert.deepEqual(words(rows.map(({ metrics }) => metrics.outcome ?? 'unknown')), [
    ...['BUSY', 'FAIL', 'NO_ANSWER', 'SUCCESS', 'VOICEMAIL', 'unknown'],
  ]);
  assert.deepEqual(words(logs.flatMap((row) => row.interruption_kind ?? [])), [
    ...['backchannel', 'barge_in', 'false_interruption'],
  ]);
  assert.equal(
    words(rows.map(({ metrics }) => `${metrics.agent_name} ${metrics.service_version}`)).length,
    6,
  );
  assert.ok(logs.some((row) => row.segment_tools !== null));
  assert.ok(logs.some((row) => row.error_type === 'RateLimitError'));
  assert.ok(logs.some((row) => row.longest_gap !== null));
  assert.ok(logs.some((row) => row.cut_off_by === 'hangup'));
  assert.ok(weeks.some(({ turns }) => turns.some(({ commits }) => commits.length > 1)));
  assert.ok(weeks.some(({ turns }) => turns.some(({ goesOn }) => goesOn)));
});

test('a change of own code shifts the silence by what it is shorter, in the middle and in the tail', () => {
  const [frontDesk] = CAST;
  assert.ok(frontDesk);
  const { a, b } = truthOf(frontDesk, 1_000);
  for (const figure of ['p50', 'p95', 'mean'] as const)
    assert.ok(Math.abs(a.silence[figure] - b.silence[figure] - 0.15) < 0.01, figure);
});

test('a shorter delay cuts off as many more users as pause for longer', () => {
  const reminders = CAST.find(({ name }) => name === 'reminders');
  assert.ok(reminders);
  const [version] = reminders.versions;
  const cutOffs = (endpointingSeconds: number) => {
    const changed = { ...version, endpointingSeconds };
    const calls = Array.from({ length: 1_200 }, (_, n) =>
      simulateCall(reminders, changed, chanceOf(n, 'pauses')),
    );
    const turns = calls.flatMap((call) => call.turns);
    const wrong = turns.reduce((sum, { commits, goesOn }) => sum + commits.length - (goesOn ? 0 : 1), 0);
    const users = turns.filter(({ initiator }) => initiator === 'user');
    return (wrong + turns.length - users.length) / users.filter(({ goesOn }) => !goesOn).length;
  };
  // Pauses of an utterance, by those that are longer: of a lognormal, P(pause > d) = Φ(−ln(d ÷ median) ÷ σ).
  const expected = (seconds: number) => {
    const of = [PAUSES.en, PAUSES.es].map(
      ({ perUtterance, length: { medianSeconds, sigma } }) =>
        perUtterance * phi(-Math.log(seconds / medianSeconds) / sigma),
    );
    return of.reduce((sum, each) => sum + each, 0) / of.length;
  };
  for (const seconds of [0.25, 0.4, 0.6]) {
    const [is, really] = [cutOffs(seconds), expected(seconds)];
    assert.ok(Math.abs(is - really) < 0.03, `${seconds}: ${is}, ${really}`);
  }
});

/** Of the normal distribution, to 1e-7 (Abramowitz and Stegun 26.2.17). */
function phi(z: number): number {
  const t = 1 / (1 + 0.2316419 * Math.abs(z));
  const tail =
    (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) *
    t *
    (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  return z > 0 ? 1 - tail : tail;
}
