import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Decimal } from 'decimal.js';
import type { Scenario } from '../../demo/scenarios.ts';
import { type Database, openPostgres } from '../../exporter/store/index.ts';
import type { Outcome } from '../../model/vocabulary.ts';
import { LATENCIES, SEGMENTS, STATISTICS } from '../../model/vocabulary.ts';
import { assertAccurate } from '../support/accuracy.ts';
import { type Compared, type ComparedRun, compareRun } from '../support/compared-calls.ts';
import { listPrice, summary } from '../support/ground-truth.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';
import { speechTruth } from '../support/speech-truth.ts';

// Requests take the HTTP client some milliseconds that no server sees; between audio and message is nothing.
const BOUNDS = {
  mostErrorMs: 20,
  mostExcused: 0.1,
  median: { columns: ['eou_latency', 'ttfb_stt', 'latency_stt'], mostMs: 5 },
} as const;

describe('the rows of four calls at once say what the caller heard and what the providers did', () => {
  let postgres: TestPostgres;
  let url: string;
  let db: Database;
  let run: ComparedRun;

  before(async () => {
    postgres = await startPostgres();
    url = await postgres.createMigrated();
    db = openPostgres({ url });
    run = await compareRun(url, db);
  });

  after(async () => {
    await db?.close();
    await postgres?.stop();
  });

  const calls = () => run.calls;
  const turns = () => calls().flatMap((call) => call.turns);
  const ofScenario = (scenario: Scenario): Compared => {
    const found = calls().find(({ call }) => call.scenario === scenario);
    assert.ok(found, `there was no ${scenario} call`);
    return found;
  };

  test(`latencies are within ${BOUNDS.mostErrorMs} ms of what caller and providers saw, the median error under ${BOUNDS.median.mostMs} ms`, (t) =>
    assertAccurate(t, BOUNDS, () => compareRun(url, db), run));

  test('a latency is there when its instants happened, and NULL when not', () => {
    for (const { where, row, expected } of turns()) {
      for (const column of LATENCIES) {
        assert.equal(
          row[column] === null,
          expected.latencies[column] === null,
          `${where}: ${column} = ${row[column]}`,
        );
      }
    }
  });

  test('a call keeps average, extremes, median and 95th percentile of its turns', () => {
    for (const { call, stored } of calls()) {
      for (const latency of LATENCIES) {
        const values = stored.logs.flatMap((row) => row[latency] ?? []);
        const expected = summary(values);
        for (const statistic of STATISTICS) {
          const what = `${call.scenario}: ${latency}_${statistic}`;
          const value = stored.metrics[`${latency}_${statistic}`];
          if (values.length === 0) assert.equal(value, null, what);
          else assert.ok(value !== null && Math.abs(value - expected[statistic]) < 1e-9, what);
        }
      }
    }
  });

  test('the segments of a turn add up to its EOU latency to the microsecond', () => {
    for (const { where, row } of turns()) {
      const segments = SEGMENTS.flatMap((name) => row[`segment_${name}`] ?? []);
      if (row.eou_latency === null) {
        assert.deepEqual(segments, [], where);
        continue;
      }
      assert.ok(segments.length > 0, where);
      const total = segments.reduce((sum, each) => sum.plus(each), new Decimal(0));
      assert.ok(total.equals(row.eou_latency), `${where}: ${total} and ${row.eou_latency}`);
    }
  });

  test('turns have the initiator that there was, and the playback that was seen', () => {
    for (const { call, expected, stored } of calls()) {
      assert.equal(stored.metrics.turn_count, expected.turns.length);
      assert.equal(stored.metrics.direction, call.direction);
      assert.equal(stored.metrics.channel, 'phone');
    }
    for (const { where, row, expected } of turns()) {
      assert.equal(row.initiator, expected.initiator, where);
      assert.equal(row.playback_source, 'observed', where);
      assert.equal(row.eou_source, expected.initiator === 'user' ? 'stt_word_end' : null, where);
      assert.equal(row.error_type, null, where);
    }
  });

  test('the answer that was talked over is the one that is interrupted', () => {
    const interrupted = turns().filter(({ expected }) => expected.interrupted);
    assert.deepEqual([...new Set(interrupted.map(({ where }) => where))], ['barge_in turn 1']);
    for (const { where, row, expected } of turns()) {
      assert.equal(row.interrupted, expected.interrupted, where);
      assert.equal(row.interruption_kind, expected.interrupted ? 'barge_in' : null, where);
    }
    for (const { call, expected, stored } of calls()) {
      const count = expected.turns.filter((turn) => turn.interrupted).length;
      assert.equal(stored.metrics.interruption_count, count, call.scenario);
      assert.equal(stored.metrics.interruption_rate, count / expected.turns.length, call.scenario);
      assert.equal(stored.metrics.false_interruption_count, 0, call.scenario);
    }
  });

  test('who spoke, and when no one did, is known of every call and every turn', () => {
    for (const { call, stored } of calls()) {
      const { metrics } = stored;
      const truth = speechTruth(call);
      assert.equal((metrics.user_speech_seconds ?? -1) > 0, truth.user_speech_seconds > 0, call.scenario);
      assert.equal((metrics.agent_speech_seconds ?? -1) > 0, truth.agent_speech_seconds > 0, call.scenario);
      assert.equal((metrics.overlap_seconds ?? -1) > 0, truth.overlap_seconds > 0, call.scenario);
      assert.ok((metrics.longest_silence ?? 0) > 0, call.scenario);
      assert.notEqual(metrics.dead_air_seconds, null, call.scenario);
    }
    for (const { where, row, expected } of turns()) {
      assert.equal((row.user_speech_seconds ?? -1) > 0, expected.initiator === 'user', where);
      assert.ok((row.agent_speech_seconds ?? 0) > 0, where);
      assert.equal((row.overlap_seconds ?? -1) > 0, expected.interrupted, where);
    }
  });

  test('outcomes follow from what was said', () => {
    // A goodbye alone proves nothing.
    const outcomes: Record<Scenario, Outcome | null> = {
      plain: 'SUCCESS',
      barge_in: null,
      voicemail: 'VOICEMAIL',
      tool_call: 'SUCCESS',
    };
    for (const { call, stored } of calls()) {
      assert.equal(stored.metrics.outcome, outcomes[call.scenario], call.scenario);
    }
    assert.equal(ofScenario('plain').stored.metrics.end_reason, 'hangup');
    assert.equal(ofScenario('voicemail').stored.metrics.end_reason, 'connection_closed');
  });

  test('usage is what the providers counted: tokens, characters, seconds of audio', () => {
    for (const { where, row, expected } of turns()) {
      // Null where the caller spoke before the model did: nothing was used that is known.
      if (expected.tokens === null) assert.notEqual(row.usage_estimated, false, where);
      else {
        const asked = expected.requests > 0;
        assert.equal(row.llm_input_tokens, asked ? expected.tokens.input : null, where);
        assert.equal(row.llm_output_tokens, asked ? expected.tokens.output : null, where);
      }
      assert.equal(row.tts_characters, expected.characters, where);
      const audio = row.tts_audio_seconds ?? 0;
      // What was on its way when the application hung up was sent, and never arrived.
      if (expected.ttsCutOff) assert.ok(audio > 0 && audio <= expected.ttsAudioSeconds, where);
      else assert.equal(audio, expected.ttsAudioSeconds, where);
    }
    for (const { call, expected, stored } of calls()) {
      assert.ok(expected.sttAudioSeconds > 0);
      assert.equal(stored.metrics.stt_audio_seconds, expected.sttAudioSeconds, call.scenario);
    }
    const rounds = ofScenario('tool_call').expected.turns.map(({ requests }) => requests);
    assert.deepEqual(rounds, [0, 2, 2, 1], 'a tool call takes two requests, and both are paid for');
  });

  test('costs are usage by list price, to the last decimal', () => {
    for (const { call, expected, stored, turns } of calls()) {
      const at = stored.metrics.started_at;
      const stt = listPrice('deepgram', 'nova-3', 'per_audio_minute', at, 'streaming').dividedBy(60);
      const input = listPrice('groq', 'llama-3.1-8b-instant', 'per_million_input_tokens', at).dividedBy(1e6);
      const output = listPrice('groq', 'llama-3.1-8b-instant', 'per_million_output_tokens', at).dividedBy(
        1e6,
      );
      const tts = listPrice('cartesia', 'sonic', 'per_million_characters', at).dividedBy(1e6);
      const phone = listPrice('twilio', call.direction, 'per_minute', at);

      let [llmTotal, ttsTotal] = [new Decimal(0), new Decimal(0)];
      for (const { where, row, expected } of turns) {
        const tokens = expected.tokens ?? {
          input: row.llm_input_tokens ?? 0,
          output: row.llm_output_tokens ?? 0,
        };
        const costs = {
          stt: row.stt_audio_seconds === null ? null : stt.times(row.stt_audio_seconds),
          llm: expected.requests === 0 ? null : input.times(tokens.input).plus(output.times(tokens.output)),
          tts: tts.times(expected.characters),
        };
        llmTotal = llmTotal.plus(costs.llm ?? 0);
        ttsTotal = ttsTotal.plus(costs.tts);
        assertMoney(row.cost_stt, costs.stt, `${where}: cost_stt`);
        assertMoney(row.cost_llm, costs.llm, `${where}: cost_llm`);
        assertMoney(row.cost_tts, costs.tts, `${where}: cost_tts`);
        const total = costs.tts.plus(costs.stt ?? 0).plus(costs.llm ?? 0);
        assertMoney(row.cost_total, total, `${where}: cost_total`);
      }
      const { metrics } = stored;
      const sttTotal = stt.times(expected.sttAudioSeconds);
      const minutes = new Decimal(expected.duration.toMicros - expected.duration.fromMicros)
        .dividedBy(60e6)
        .ceil();
      const phoneTotal = phone.times(minutes);
      const asked = expected.turns.some(({ requests }) => requests > 0);
      assertMoney(metrics.cost_stt, sttTotal, `${call.scenario}: cost_stt`);
      assertMoney(metrics.cost_llm, asked ? llmTotal : null, `${call.scenario}: cost_llm`);
      assertMoney(metrics.cost_tts, ttsTotal, `${call.scenario}: cost_tts`);
      assertMoney(metrics.cost_telephony, phoneTotal, `${call.scenario}: cost_telephony`);
      assertMoney(metrics.cost_livekit, null, `${call.scenario}: cost_livekit`);
      const total = sttTotal.plus(llmTotal).plus(ttsTotal).plus(phoneTotal);
      assertMoney(metrics.cost_total, total, `${call.scenario}: cost_total`);
      assert.deepEqual(metrics.unpriced, [], call.scenario);
    }
  });
});

function assertMoney(actual: Decimal | null, expected: Decimal | null, what: string): void {
  assert.equal(actual?.toString() ?? null, expected?.toString() ?? null, what);
}
