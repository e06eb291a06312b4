import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { Usd } from '../../../exporter/pricing/index.ts';
import { callTotals } from '../../../exporter/store/call-totals.ts';
import { findCalls, listRunningCalls } from '../../../exporter/store/find-calls.ts';
import {
  CALL_SORTS,
  callKey,
  type Database,
  Journal,
  keyOf,
  writeCallRows,
} from '../../../exporter/store/index.ts';
import { type CallSort, streamCalls, turnsOfCalls } from '../../../exporter/store/select-calls.ts';
import { silenceByOwner } from '../../../model/owners.ts';
import type { CallRows } from '../../../model/rows.ts';
import { callFact, logRow, metricsRow, REFERENCE_US, turnFact } from '../../support/call-rows.ts';
import { onEachDatabase } from '../../support/databases.ts';

const CALLS = 60;
/** Few values, so that many calls are equal in what they are sorted by, and many in which it is not known. */
const some = <T>(n: number, values: readonly T[]): T => values[n % values.length] as T;

const calls: CallRows[] = Array.from({ length: CALLS }, (_, n) => {
  const callId = `CA${String(n * 7919).padStart(6, '0')}`;
  const logs = Array.from({ length: n % 4 }, (_, turn) =>
    logRow(callId, turn, {
      created_at: REFERENCE_US + turn,
      eou_latency: turn === 2 ? null : 0.5 + ((n * 13 + turn * 7) % 20) / 10,
      segment_llm: turn === 2 ? 9 : 0.2,
      segment_tts: 0.1,
      llm_provider: 'openai',
      llm_model: some(n, ['large', 'small']),
      ttfb_llm: some(n, [0.4, 0.2]),
      playback_source: some(n, ['observed', 'estimated']),
    }),
  );
  const silences = logs.flatMap(({ eou_latency }) => eou_latency ?? []);
  return {
    metrics: metricsRow(callId, {
      started_at: REFERENCE_US + some(n, [0, 0, 1, 2]) * 1_000_000,
      turn_count: logs.length,
      eou_latency_p95: some(n, [null, 1.5, 2]),
      eou_latency_max: silences.length > 0 ? Math.max(...silences) : null,
      cost_total: some(n, [null, new Usd('0.1'), new Usd('0.1000000000000000001'), new Usd(0)]),
      cost_llm: some(n, [null, new Usd('0.1')]),
      interruption_count: some(n, [null, 0, 3]),
      outcome: some(n, ['SUCCESS', null, 'FAIL']),
      unpriced: some(n, [[], ['tts:unknown']]),
    }),
    logs,
  };
});

const value = ({ metrics }: CallRows, sort: CallSort): number => {
  const of = metrics[CALL_SORTS[sort]];
  return of === null ? Number.NEGATIVE_INFINITY : Number(of);
};

describe('calls that are asked for', () => {
  onEachDatabase((databases) => {
    let db: Database;
    before(async () => {
      db = await databases.migrated();
      await db.transaction((tx) => writeCallRows(tx, calls, 'test'));
    });

    it('come page by page, each once, in order, those without a value last', async () => {
      for (const sort of Object.keys(CALL_SORTS) as CallSort[]) {
        const ids: string[] = [];
        for await (const page of streamCalls(db, {}, { sort, pageSize: 7 }))
          ids.push(...page.map(({ call_id }) => call_id));
        const expected = calls
          .toSorted(
            (a, b) =>
              value(b, sort) - value(a, sort) ||
              Number(b.metrics.cost_total?.minus(a.metrics.cost_total ?? 0) ?? 0) * Number(sort === 'cost') ||
              b.metrics.started_at - a.metrics.started_at ||
              (a.metrics.call_id < b.metrics.call_id ? 1 : -1),
          )
          .map(({ metrics }) => metrics.call_id);
        assert.deepEqual(ids, expected, sort);
      }
    });

    it('are no more than were asked for', async () => {
      const pages: number[] = [];
      for await (const page of streamCalls(db, {}, { limit: 17, pageSize: 7 })) pages.push(page.length);
      assert.deepEqual(pages, [7, 7, 3]);
    });

    it('have their turns, in order', async () => {
      const ids = calls.slice(0, 8).map(({ metrics }) => keyOf(metrics));
      const turns = await turnsOfCalls(db, ids);
      for (const [n, id] of ids.entries())
        assert.deepEqual(
          turns.get(id)?.map(({ turn_index }) => turn_index),
          [0, 1, 2].slice(0, n % 4),
        );
    });

    it('come to what they come to, however many are shown', async () => {
      for (const filter of [{}, { outcome: ['FAIL' as const] }, { since: REFERENCE_US + 1_000_000 }]) {
        const meant = calls.filter(
          ({ metrics }) =>
            (filter.outcome === undefined || metrics.outcome === 'FAIL') &&
            (filter.since === undefined || metrics.started_at >= filter.since),
        );
        const logs = meant.flatMap((call) => call.logs);
        const silences = logs.flatMap(({ eou_latency }) => eou_latency ?? []).sort((a, b) => a - b);
        const rank = 0.95 * (silences.length - 1);
        const [low = 0, high = low] = [silences[Math.floor(rank)], silences[Math.ceil(rank)]];
        const totals = await callTotals(db, filter);
        assert.equal(totals.calls, meant.length);
        assert.equal(totals.turns, logs.length);
        assert.equal(totals.every, 1);
        assert.deepEqual(
          totals.cost?.toFixed(),
          meant.reduce((sum, { metrics }) => sum.plus(metrics.cost_total ?? 0), new Usd(0)).toFixed(),
        );
        assert.equal(
          totals.callsWithoutCost,
          meant.filter(({ metrics }) => metrics.cost_total === null).length,
        );
        assert.equal(totals.callsUnpriced, meant.filter(({ metrics }) => metrics.unpriced.length > 0).length);
        assert.equal(totals.outcomes.FAIL, meant.filter(({ metrics }) => metrics.outcome === 'FAIL').length);
        assert.equal(totals.silence.turns, silences.length);
        assert.equal(totals.silence.max, silences.at(-1));
        assert.ok(Math.abs((totals.silence.p95 ?? 0) - (low + (high - low) * (rank % 1))) < 1e-9);
        // A turn whose silence is not known says nothing of where it goes.
        assert.ok(Math.abs(totals.segments.llm - silences.length * 0.2) < 1e-9);
        const slow = logs.filter(({ eou_latency }) => (eou_latency ?? 0) > 1.2);
        assert.deepEqual(totals.overTarget, {
          seconds: 1.2,
          turns: slow.length,
          owners: silenceByOwner(slow),
        });
        assert.equal(
          totals.models[0]?.model,
          logs.some(({ llm_model }) => llm_model === 'large') ? 'large' : 'small',
        );
        assert.equal(
          totals.estimatedTurns,
          logs.filter((log) => log.eou_latency !== null && log.playback_source === 'estimated').length,
        );
      }
    });

    it('are too many to look at all their turns: those of some are, always the same, and counts are of all', async () => {
      const all = await callTotals(db, {});
      const some = await callTotals(db, {}, { allTurnsOfCalls: 10 });
      assert.equal(some.every, 12);
      assert.ok(some.silence.turns < all.silence.turns / 2, `${some.silence.turns}`);
      for (const exact of ['calls', 'turns', 'outcomes', 'cost', 'interruptions'] as const)
        assert.deepEqual(some[exact], all[exact]);
      assert.equal(some.silence.max, all.silence.max);
      assert.deepEqual(await callTotals(db, {}, { allTurnsOfCalls: 10 }), some);
    });

    it('come to nothing that is known where there are none', async () => {
      const totals = await callTotals(db, { agent: ['no such agent'] });
      assert.deepEqual([totals.calls, totals.turns, totals.cost, totals.interruptions], [0, 0, null, null]);
      assert.deepEqual([totals.silence.p50, totals.silence.max, totals.models], [null, null, []]);
    });

    it('are found by the beginning of an id, an id itself before those that go on after it', async () => {
      const ids = calls.map(({ metrics }) => metrics.call_id);
      const [first = ''] = ids;
      assert.deepEqual(await findCalls(db, first), { finished: [callKey(first)], running: [] });
      const { finished } = await findCalls(db, 'CA00');
      assert.equal(finished.length, Math.min(6, ids.filter((id) => id.startsWith('CA00')).length));
      assert.deepEqual(await findCalls(db, 'CA%'), { finished: [], running: [] });
      const journal = new Journal(db, {});
      await journal.append([turnFact('CA-live', 0), turnFact('CA-over', 0), callFact('CA-over')]);
      assert.deepEqual(
        (await listRunningCalls(db, 10)).map(({ callId }) => callId),
        ['CA-live'],
      );
      assert.deepEqual(await findCalls(db, 'CA-l'), { finished: [], running: [callKey('CA-live')] });
    });
  });
});
