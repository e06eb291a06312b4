import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { createRandom } from '../../../demo/simulators/random.ts';
import { Usd } from '../../../exporter/pricing/index.ts';
import { callTotals, type Database, rollUpAll, writeCallRows } from '../../../exporter/store/index.ts';
import { rolledUp } from '../../../exporter/store/rollups/read.ts';
import {
  type CallSelection,
  getLatency,
  getQuality,
  getSilence,
  getSpending,
  getTotals,
} from '../../../exporter/store/views/index.ts';
import type { CallRows } from '../../../model/rows.ts';
import { OUTCOMES, SEGMENTS } from '../../../model/vocabulary.ts';
import { overTarget } from '../../../ui/shared/insight.ts';
import { logRow, metricsRow } from '../../support/call-rows.ts';
import { onEachDatabase } from '../../support/databases.ts';
import { percentileCont } from '../../support/rollups.ts';

/** More than are read from rows. */
const CALLS = 4_800;
const MINUTE_US = 60_000_000;
const DAY_US = 1_440 * MINUTE_US;
const TARGET_SECONDS = 1;
const BURSTS = 8;
const BURST_US = 6 * MINUTE_US;
const NOW_US = Date.now() * 1_000;

/** Most of one tenant, service and campaign; of six days, of two, and of the last minutes. */
function makeCalls(): CallRows[] {
  const random = createRandom(7);
  const below = (count: number) => Math.floor(random.between(0, count));
  const seconds = () => Math.round(Math.exp(random.between(-5, 1.5)) * 1e6) / 1e6;
  const rarely = <Value>(n: number, often: Value, rare: Value) => (n % 40 === 0 ? rare : often);
  return Array.from({ length: CALLS }, (_, n) => {
    const agoUs = [6 * DAY_US, 2 * DAY_US, 20 * MINUTE_US][n % 3] ?? 0;
    // In bursts: to compute a slice takes long, however few calls it has.
    const apartUs = agoUs / BURSTS;
    const startedAt = Math.floor(
      NOW_US - below(BURSTS) * apartUs - random.between(0, Math.min(apartUs, BURST_US)),
    );
    const tenant = rarely(n, 'default', 'acme');
    const segments = Object.fromEntries(SEGMENTS.map((name) => [`segment_${name}`, seconds()]));
    const heard = below(5) > 0;
    const log = logRow(`call-${n}`, 0, {
      tenant,
      created_at: startedAt,
      llm_provider: 'openai',
      llm_model: n % 2 === 0 ? 'gpt-4o' : 'gpt-4.1',
      ttfb_llm: seconds(),
      eou_latency: heard ? seconds() : null,
      ...(heard && segments),
      cost_llm: new Usd(`0.00${below(1e9)}`),
      playback_source: n % 3 === 0 ? 'estimated' : 'observed',
      usage_estimated: n % 5 === 0 ? true : null,
      error_type: n % 50 === 0 ? 'timeout' : null,
    });
    const metrics = metricsRow(`call-${n}`, {
      tenant,
      started_at: startedAt,
      ended_at: startedAt + MINUTE_US,
      duration_seconds: seconds(),
      turn_count: 1,
      service_name: rarely(n + 1, 'phone-agent', null),
      agent_name: rarely(n + 2, 'ada', 'bob'),
      campaign_id: rarely(n + 3, 'spring', 'autumn'),
      direction: rarely(n + 4, 'inbound', 'outbound'),
      channel: 'phone',
      outcome: n % 4 === 0 ? null : (OUTCOMES[n % OUTCOMES.length] ?? null),
      end_reason: n % 2 === 0 ? 'hangup' : 'timeout',
      interruption_count: n % 6 === 0 ? null : n % 2,
      unanswered_count: n % 7 === 0 ? 1 : 0,
      sentiment_avg: n % 3 === 0 ? 0.25 : null,
      user_speech_seconds: n % 5 === 0 ? null : seconds(),
      agent_speech_seconds: seconds(),
      overlap_seconds: n % 5 === 0 ? null : seconds(),
      dead_air_seconds: n % 5 === 0 ? null : n % 2 === 0 ? 0 : seconds(),
      longest_silence: n % 5 === 0 ? null : seconds(),
      eou_latency_max: log.eou_latency,
      cost_llm: log.cost_llm,
      cost_total: n % 11 === 0 ? null : log.cost_llm,
      unpriced: n % 11 === 0 ? ['llm:openai/x'] : [],
    });
    return { metrics, logs: [log] };
  });
}

const calls = makeCalls();

/** With a mark that has waited too long, rows are read. */
const ofRows = async <Answer>(db: Database, ask: () => Promise<Answer>): Promise<Answer> => {
  await db.query(`INSERT INTO :schema.rollup_marks (grain, at, tenant, marked_at)
    VALUES ('slice', now() - interval '1 day', 'nobody', now() - interval '1 hour')`);
  const answer = await ask();
  await db.query(`DELETE FROM :schema.rollup_marks WHERE tenant = 'nobody'`);
  return answer;
};

const near = (found: number | null | undefined, exact: number, what: string) =>
  assert.ok(
    typeof found === 'number' && Math.abs(found - exact) <= 0.01 * Math.abs(exact) + 1e-9,
    `${what}: ${found} for ${exact}`,
  );

/** Where statements cost much, the last ones: in these is what the others have. */
const SELECTIONS: Readonly<Record<string, CallSelection>> = {
  'all calls': {},
  'a week, from within a slice': { since: NOW_US - 7 * DAY_US },
  'a tenant': { tenant: ['default'] },
  'until a minute ago, within a slice': { until: NOW_US - MINUTE_US },
  'several dimensions': { service: ['phone-agent'], campaign: ['spring', 'none'], direction: 'inbound' },
};

onEachDatabase(({ migrated, rounds }) => {
  describe('answers of rollups are those of rows', () => {
    let db: Database;
    before(async () => {
      db = await migrated();
      for (let n = 0; n < CALLS; n += 400)
        await db.transaction((tx) => writeCallRows(tx, calls.slice(n, n + 400), 'test'));
      await rollUpAll(db);
    });

    const selections = Object.entries(SELECTIONS);
    for (const [name, selection] of selections.slice(-rounds(selections.length))) {
      const meant = () =>
        calls.filter(
          ({ metrics }) =>
            metrics.started_at >= (selection.since ?? 0) &&
            metrics.started_at < (selection.until ?? Number.POSITIVE_INFINITY) &&
            (!selection.tenant || metrics.tenant === 'default') &&
            (!selection.service ||
              (metrics.service_name === 'phone-agent' &&
                metrics.campaign_id === 'spring' &&
                metrics.direction === 'inbound')),
        );
      const logsOf = (some: readonly CallRows[]) => some.flatMap(({ logs }) => logs);
      const silencesOf = (some: readonly CallRows[]) =>
        some.flatMap(({ logs }) => logs.flatMap((log) => log.eou_latency ?? [])).sort((a, b) => a - b);

      it(`of ${name}: totals`, async () => {
        const rolled = await rolledUp(db, selection);
        assert.equal(rolled?.calls, meant().length);
        const { duration_seconds, ...totals } = await getTotals(db, selection);
        const { duration_seconds: exact, ...rows } = await ofRows(db, () => getTotals(db, selection));
        assert.deepEqual(totals, rows);
        near(duration_seconds, exact, 'duration');
      });

      it(`of ${name}: silence`, async () => {
        const found = await getSilence(db, selection, TARGET_SECONDS);
        const silences = silencesOf(meant());
        assert.deepEqual([found.turns, found.every], [silences.length, 1]);
        for (const [share, value] of [
          [0.25, found.p25],
          [0.5, found.p50],
          [0.75, found.p75],
          [0.95, found.p95],
          [0.99, found.p99],
        ] as const)
          near(value, percentileCont(silences, share), `p${share}`);
        const good = silences.filter((silence) => silence <= TARGET_SECONDS).length / silences.length;
        assert.ok(Math.abs((found.under_target ?? 0) - good) < 0.01, `${found.under_target} for ${good}`);
        const llm = meant().flatMap(({ logs }) => logs.flatMap(({ segment_llm }) => segment_llm ?? []));
        near(found.segments.llm, llm.reduce((a, b) => a + b, 0) / silences.length, 'segment');
      });

      it(`of ${name}: latency over time`, async () => {
        const found = await getLatency(db, selection, TARGET_SECONDS);
        assert.equal(found.calls, meant().length);
        const length = found.bucket_seconds * 1e6;
        for (const point of found.points) {
          const from = point.at * 1e6;
          const silences = silencesOf(
            meant().filter(({ metrics: { started_at } }) => started_at >= from && started_at < from + length),
          );
          assert.equal(point.turns, silences.length);
          near(point.p95, percentileCont(silences, 0.95), `p95 at ${point.at}`);
        }
        const turns = silencesOf(meant()).length;
        assert.equal(
          found.points.reduce((sum, point) => sum + point.turns, 0),
          turns,
        );
        assert.equal(
          found.heat.reduce((sum, [, , count]) => sum + count, 0),
          turns,
        );
        assert.deepEqual(found.models.map(({ model }) => model).sort(), ['gpt-4.1', 'gpt-4o']);
        assert.deepEqual(found.over, overTarget(logsOf(meant()), TARGET_SECONDS));
      });

      it(`of ${name}: cost and quality`, async () => {
        const rounded = <Part extends { minutes: number }>(parts: readonly Part[]) =>
          parts.map((part) => ({ ...part, minutes: Number(part.minutes.toFixed(6)) }));
        const [spending, quality] = [await getSpending(db, selection), await getQuality(db, selection)];
        const [rows, qualityOfRows] = await ofRows(db, async () => [
          await getSpending(db, selection),
          await getQuality(db, selection),
        ]);
        assert.deepEqual(spending.points, rows.points);
        const ofGroups = ({ kind }: { kind: string }) => kind !== 'model';
        assert.deepEqual(rounded(spending.parts.filter(ofGroups)), rounded(rows.parts.filter(ofGroups)));
        for (const figure of ['successes', 'judged_calls', 'judged_total'] as const)
          assert.equal(spending[figure], rows[figure]);
        const unpriced = meant().filter(({ metrics }) => metrics.unpriced.length > 0).length;
        assert.deepEqual(spending.unpriced, [{ name: 'llm:openai/x', calls: unpriced }]);
        const models = spending.parts.filter(({ kind }) => kind === 'model');
        assert.equal(
          models.reduce((sum, { calls }) => sum + calls, 0),
          meant().length,
        );
        assert.deepEqual(quality.points, qualityOfRows.points);
        const errors = quality.counted.find(({ kind }) => kind === 'error');
        assert.equal(errors?.count, meant().filter(({ logs }) => logs[0]?.error_type !== null).length);
      });

      it(`of ${name}: what report says`, async () => {
        const { idPart, direction, ...filter } = selection;
        const { silence, segments, models, ...exact } = await callTotals(db, filter);
        const rows = await ofRows(db, () => callTotals(db, filter));
        const { silence: rowSilence, segments: rowSegments, models: rowModels, ...exactRows } = rows;
        assert.deepEqual(exact, exactRows);
        assert.deepEqual([silence.turns, silence.max], [rowSilence.turns, rowSilence.max]);
        near(silence.p50, rowSilence.p50 ?? Number.NaN, 'p50');
        near(silence.p95, rowSilence.p95 ?? Number.NaN, 'p95');
        for (const segment of SEGMENTS) near(segments[segment], rowSegments[segment], segment);
        assert.deepEqual(
          models.map(({ model, turns }) => [model, turns]),
          rowModels.map(({ model, turns }) => [model, turns]),
        );
      });
    }

    it('of what rollups do not tell apart, of few calls, and of a time too fine for them: rows are read', async () => {
      for (const selection of [
        { customer: ['c'] },
        { outcome: ['FAIL' as const] },
        { tags: { plan: 'gold' } },
        { idPrefix: 'call' },
        { unpriced: true },
        { tenant: ['acme'] },
      ])
        assert.equal(await rolledUp(db, selection), undefined, JSON.stringify(selection));
      assert.equal((await rolledUp(db, {}))?.over(60), undefined);
      const recent = await rolledUp(db, {});
      assert.equal(recent?.over(300), undefined, 'slices of a week ago are not kept');
      assert.ok(recent?.over(3_600));
    });
  });
});
