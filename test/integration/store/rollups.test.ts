import assert from 'node:assert/strict';
import { it } from 'node:test';
import { createRandom, type Random } from '../../../demo/simulators/random.ts';
import { finalizeCall } from '../../../exporter/finalize.ts';
import { MIGRATIONS } from '../../../exporter/generated/migrations.ts';
import { catalogue, Usd } from '../../../exporter/pricing/index.ts';
import {
  type Database,
  deleteExpiredSpans,
  deleteTaggedCalls,
  Journal,
  migrate,
  Queue,
  reprice,
  rollUpAll,
  writeCallRows,
} from '../../../exporter/store/index.ts';
import { markedPeriods, rollUp } from '../../../exporter/store/rollups/roll-up.ts';
import type { CallRows } from '../../../model/rows.ts';
import { OUTCOMES, SEGMENTS } from '../../../model/vocabulary.ts';
import { callFact, logRow, metricsRow, REFERENCE_US, turnFact } from '../../support/call-rows.ts';
import { onEachDatabase } from '../../support/databases.ts';
import { assertRollups } from '../../support/rollups.ts';

const MINUTE_US = 60_000_000;
const HOUR_US = 60 * MINUTE_US;

/** A call that began then, with turns, as no two are. */
function call(n: number, startedAt: number, random: Random, tenant = 'default'): CallRows {
  const below = (count: number) => Math.floor(random.between(0, count));
  const maybe = <Value>(value: Value) => (below(4) === 0 ? null : value);
  const seconds = () => Math.round(Math.exp(random.between(-7, 2)) * 1e6) / 1e6;
  const logs = Array.from({ length: below(4) }, (_, turn) => {
    const segments = Object.fromEntries(
      SEGMENTS.map((name) => [`segment_${name}`, below(5) === 0 ? 0 : seconds()]),
    );
    return logRow(`call-${n}`, turn, {
      tenant,
      created_at: startedAt + turn * 1_000_000,
      stt_provider: 'deepgram',
      stt_model: maybe('nova-3'),
      llm_provider: maybe('openai'),
      llm_model: ['gpt-4o', 'gpt-4.1', 'gpt-4o-mini'][below(3)] ?? null,
      ttfb_llm: maybe(seconds()),
      ttfb_tts: maybe(seconds()),
      latency_stt: maybe(seconds()),
      eou_latency: maybe(seconds()),
      ...segments,
      cost_llm: maybe(new Usd(`0.${below(1e6)}`)),
      playback_source: maybe('estimated'),
      usage_estimated: maybe(true),
      interruption_kind: maybe('barge_in'),
      error_type: below(9) === 0 ? 'timeout' : null,
    });
  });
  return {
    metrics: metricsRow(`call-${n}`, {
      tenant,
      started_at: startedAt,
      ended_at: startedAt + MINUTE_US,
      duration_seconds: seconds(),
      turn_count: logs.length,
      service_name: maybe('phone-agent'),
      service_version: ['1.0', '1.1'][below(2)] ?? null,
      agent_name: maybe(`agent-${below(2)}`),
      campaign_id: maybe(`campaign-${below(2)}`),
      direction: maybe('inbound'),
      outcome: maybe(OUTCOMES[below(OUTCOMES.length)] ?? null),
      outcome_source: maybe('explicit'),
      end_reason: 'hangup',
      interruption_count: maybe(below(3)),
      unanswered_count: maybe(below(2)),
      user_speech_seconds: maybe(seconds()),
      agent_speech_seconds: maybe(seconds()),
      overlap_seconds: maybe(seconds()),
      dead_air_seconds: maybe(below(2) * seconds()),
      longest_silence: maybe(seconds()),
      sentiment_avg: maybe(random.between(-1, 1)),
      eou_latency_max: maybe(seconds()),
      llm_input_tokens: maybe(below(1_000)),
      stt_audio_seconds: maybe(seconds()),
      cost_stt: maybe(new Usd(`0.0${below(1e9)}`)),
      cost_llm: maybe(new Usd(`0.${below(1e12)}`)),
      cost_total: maybe(new Usd(`1.${below(1e12)}`)),
      unpriced: below(5) === 0 ? ['tts:unknown', 'llm:openai/x'] : [],
      tags: { half: n % 2 === 0 ? 'even' : 'odd' },
    }),
    logs,
  };
}

/** Long ago, at the edges of hours and days, and just now. */
function startOf(n: number, random: Random): number {
  const nowUs = Math.floor(Date.now()) * 1e3;
  const edge = Math.floor(REFERENCE_US / HOUR_US) * HOUR_US;
  const starts = [
    edge,
    edge - 1,
    REFERENCE_US + random.between(0, 3 * HOUR_US),
    nowUs - random.between(0, 10 * MINUTE_US),
    nowUs - random.between(HOUR_US, 30 * HOUR_US),
    nowUs - random.between(40 * HOUR_US, 60 * HOUR_US),
  ];
  return Math.floor(starts[n % starts.length] ?? 0);
}

const write = (db: Database, calls: readonly CallRows[]) =>
  db.transaction((tx) => writeCallRows(tx, calls, 'test'));

function someCalls(count: number, random: Random): CallRows[] {
  return Array.from({ length: count }, (_, n) =>
    call(n, startOf(n, random), random, n % 7 === 0 ? 'acme' : 'default'),
  );
}

onEachDatabase(({ empty, migrated, rounds }) => {
  it('rollups are what the rows come to, whatever becomes of the rows', async () => {
    const db = await migrated();
    const random = createRandom(1);
    const calls = someCalls(rounds(44), random);
    await write(db, calls);
    await assertRollups(db);
    // Computed again with other figures, and with another start.
    await write(
      db,
      calls
        .slice(0, rounds(20))
        .map((each, n) => call(n, startOf(n + 1, random), random, each.metrics.tenant)),
    );
    await assertRollups(db);
    assert.equal(await deleteTaggedCalls(db, { half: 'odd' }), calls.length >> 1);
    await assertRollups(db);
    await db.query(`DELETE FROM :schema.call_metrics WHERE tenant = 'acme'`);
    await assertRollups(db);
    await db.query('TRUNCATE :schema.call_metrics, :schema.call_logs');
    await assertRollups(db);
    const [left] = await db.query<{ lines: number }>(
      'SELECT count(*)::int AS lines FROM :schema.rollup_calls',
    );
    assert.deepEqual(left, { lines: 0 });
  });

  it('a late span that moves the start of a call, other prices, and expired spans leave no trace of what was before', async () => {
    const db = await migrated();
    const journal = new Journal(db, { finalizeDelayMs: 0, idleLimitMs: 0 });
    const queue = new Queue(db, { finalize: (facts) => finalizeCall(facts, catalogue()), workerId: 'test' });
    await journal.append([callFact('a'), turnFact('a', 0), callFact('b'), turnFact('b', 1)]);
    await queue.take({ callIds: ['a', 'b'] });
    await assertRollups(db);
    await journal.append([turnFact('a', 2, { startUs: REFERENCE_US - 7 * MINUTE_US })]);
    await queue.take({ callIds: ['a'] });
    await assertRollups(db);
    const options = { since: 0, apply: true, by: 'test' };
    const dearer = (rows: CallRows): CallRows => ({
      ...rows,
      metrics: { ...rows.metrics, cost_total: new Usd('7.000000001') },
    });
    for await (const _ of reprice(db, {
      ...options,
      finalize: (facts) => dearer(finalizeCall(facts, catalogue())),
    }));
    await assertRollups(db);
    const [sum] = await db.query<{ cost: string }>(
      `SELECT sum(cost_total)::text AS cost FROM :schema.rollup_calls WHERE grain = 'day'`,
    );
    assert.deepEqual(sum, { cost: '14.000000002' });
    assert.ok((await deleteExpiredSpans(db, 0)) > 0);
    await assertRollups(db);
  });

  it('calls that were there before rollups were are marked by the migration', async () => {
    const db = await empty();
    // With those that came later, and with the columns that rows of today need.
    const ofRollups = ['0007_rollups', '0009_rolled', '0014_speech_in_rollups', '0020_ranked'];
    const ofRows = /ALTER TABLE call_logs [^;]*;/;
    await migrate(
      db,
      MIGRATIONS.filter(({ name }) => !ofRollups.includes(name)),
    );
    const [column] = ofRows.exec(MIGRATIONS.find(({ id }) => id === 14)?.sql ?? '') ?? [];
    await db.query((column ?? '').replace('call_logs', ':schema.call_logs'));
    await write(db, someCalls(rounds(40), createRandom(2)));
    await migrate(
      db,
      MIGRATIONS.map((each) => (each.id === 14 ? { ...each, sql: each.sql.replace(ofRows, '') } : each)),
    );
    assert.ok((await markedPeriods(db, { delaysMs: { slice: 0, hour: 0, day: 0 } })).length > 0);
    await assertRollups(db);
  });

  it('what fails half-way changes nothing and is computed later', async () => {
    const db = await migrated();
    await write(db, someCalls(rounds(30), createRandom(3)));
    const periods = await markedPeriods(db, { delaysMs: { slice: 0, hour: 0, day: 0 }, limit: 100 });
    assert.ok(periods.length > 4);
    for (const [n, period] of periods.entries()) {
      let left = 1 + (n % 4);
      const dying: Database = {
        ...db,
        query: (text, params) => db.query(text, params),
        transaction: (work) =>
          db.transaction((tx) =>
            work({
              query: async (text, params) => {
                const rows = await tx.query(text, params);
                left -= 1;
                if (left === 0) throw new Error('killed');
                return rows as never;
              },
            }),
          ),
      };
      await assert.rejects(rollUp(dying, period), /killed/);
    }
    const [count] = await db.query<{ lines: number }>(
      'SELECT count(*)::int AS lines FROM :schema.rollup_calls',
    );
    assert.deepEqual(count, { lines: 0 });
    await assertRollups(db);
  });

  it('an hour of very many calls is computed slice by slice, with the same result', async () => {
    const db = await migrated();
    const random = createRandom(4);
    await write(
      db,
      Array.from({ length: rounds(40) }, (_, n) =>
        call(n, Math.floor(REFERENCE_US + random.between(0, HOUR_US)), random),
      ),
    );
    for (const period of await markedPeriods(db, { delaysMs: { slice: 0, hour: 0, day: 0 } })) {
      assert.equal(period.from_rows, true);
      await rollUp(db, period, 5);
    }
    await assertRollups(db);
  });

  it('several at once, while rows change, come to the same', async () => {
    const db = await migrated();
    const random = createRandom(5);
    const calls = someCalls(rounds(36), random);
    const writing = (async () => {
      for (let n = 0; n < calls.length; n += 3) {
        await write(db, calls.slice(n, n + 3));
        if (n % 9 === 0) await deleteTaggedCalls(db, { half: 'even' });
      }
    })();
    let written = false;
    const rolling = Array.from({ length: 3 }, async () => {
      while (!written) await rollUpAll(db);
    });
    await writing;
    written = true;
    await Promise.all(rolling);
    await assertRollups(db);
  });
});
