import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { ownerName, type SilentTurn } from '../../../model/owners.ts';
import { overTarget } from '../../../ui/shared/insight.ts';
import { CALLS_FROM, DAY_OF_CALLS } from '../../support/grafana/calls.ts';
import {
  answers,
  ask,
  close,
  DASHBOARDS,
  empty,
  number,
  owner,
  RANGE,
  type Row,
  reader,
  serveDashboards,
  total,
} from '../../support/grafana/database.ts';
import { type GrafanaPanel, openVariables, panelsOf } from '../../support/grafana/query.ts';
import { packageRoot } from '../../support/root.ts';

serveDashboards();

/** The dashboard of one call is opened with some that differ; the others as they open by themselves. */
const openings = (uid: string): Readonly<Record<string, string>>[] =>
  uid === 'voice-call' ? DAY_OF_CALLS.map((facts) => ({ call_id: facts[0]?.callId ?? '' })) : [{}];

/** The driver gives numbers that a double cannot hold exactly as text. */
const isFiniteIfNumber = (value: unknown) =>
  typeof value === 'number' ? Number.isFinite(value) : !/^-?(NaN|Infinity)$/.test(String(value));
const isPresent = (value: unknown) => value !== null && value !== undefined && value !== '';

for (const dashboard of DASHBOARDS) {
  describe(dashboard.title, () => {
    for (const panel of panelsOf(dashboard)) {
      if (panel.targets?.some(({ rawSql }) => rawSql !== undefined) !== true) continue;

      it(`${panel.title} (${panel.id}): every column of every query has values, and numbers are finite`, async () => {
        const present = new Map<string, boolean>();
        for (const chosen of openings(dashboard.uid)) {
          const choices = await openVariables(dashboard, (sql) => reader.query(sql), RANGE, chosen);
          const all = await answers(reader, panel, choices);
          for (const [index, rows] of all.entries()) {
            for (const row of rows) {
              for (const [column, value] of Object.entries(row)) {
                const key = `${index}.${column}`;
                present.set(key, present.get(key) === true || isPresent(value));
                assert.ok(isFiniteIfNumber(value), `${column}: ${value}`);
              }
            }
          }
        }
        const queries = panel.targets?.length ?? 0;
        for (let index = 0; index < queries; index += 1) {
          assert.ok(
            [...present.keys()].some((key) => key.startsWith(`${index}.`)),
            `query ${index} has no rows`,
          );
        }
        const never = [...present].filter(([, seen]) => !seen).map(([key]) => key);
        assert.deepEqual(never, [], 'columns that nothing fills');
        assertNamesColumns(panel, new Set([...present.keys()].map((key) => key.slice(key.indexOf('.') + 1))));
      });

      it(`${panel.title} (${panel.id}): a database without calls gives no error`, async () => {
        const choices = await openVariables(dashboard, (sql) => empty.query(sql), RANGE, { call_id: "it's" });
        for (const rows of await answers(empty, panel, choices)) {
          assert.ok(rows.length <= 1 || panel.title === 'Tables', 'rows from nothing');
        }
      });
    }
  });
}

/** What a panel says of columns is of columns that its queries have. */
function assertNamesColumns(
  { type, fieldConfig, options, targets }: GrafanaPanel,
  columns: ReadonlySet<string>,
) {
  for (const { matcher } of fieldConfig?.overrides ?? []) {
    assert.ok(columns.has(String(matcher.options)), `no column ${matcher.options} to format`);
  }
  if (type === 'table') {
    const formatted = new Set((fieldConfig?.overrides ?? []).map(({ matcher }) => matcher.options));
    for (const column of columns) assert.ok(formatted.has(column), `column ${column} has no title`);
  }
  if (type === 'barchart') assert.ok(columns.has(String(options?.xField)), 'no column for the axis');
  if (targets?.some(({ format }) => format === 'time_series')) assert.ok(columns.has('time'), 'no time');
}

interface StoredCall {
  readonly cost: number | null;
  readonly duration_seconds: number;
  readonly cached: number | null;
  readonly input: number | null;
  readonly outcome: string | null;
  readonly turn_count: number;
  readonly interruption_count: number;
  readonly unpriced: readonly string[];
}

describe('the figures', () => {
  it('spend is the same by itself, by component, over time, by agent and by campaign', async () => {
    const spend = number((await ask('voice-cost', 2))[0], 'spend');
    const [expected] = await owner.query<{ usd: number }>(
      'SELECT sum(cost_total)::double precision AS usd FROM earshot.call_metrics',
    );
    close(spend, expected?.usd ?? Number.NaN);
    assert.ok(spend > 0);
    const parts = ['stt', 'llm', 'tts', 'livekit', 'telephony'];
    const sum = (rows: readonly Row[]) => parts.reduce((usd, part) => usd + total(rows, part), 0);
    close(sum(await ask('voice-cost', 21)), spend);
    close(sum(await ask('voice-cost', 11)), spend);
    close(total(await ask('voice-cost', 23), 'spend'), spend);
    close(total(await ask('voice-cost', 24), 'spend'), spend);
  });

  it("a call's cost lines add up to its cost", async () => {
    const call = { call_id: 'plain-0' };
    const cost = number((await ask('voice-call', 7, call))[0], 'cost');
    assert.ok(cost > 0);
    close(total(await ask('voice-call', 23, call), 'cost'), cost);
  });

  it('the projection is the pace of the time range', async () => {
    const spend = number((await ask('voice-cost', 2))[0], 'spend');
    close(number((await ask('voice-cost', 5))[0], 'projected'), (spend / 2) * 30);
  });

  it('the share under target follows the target', async () => {
    const turns = await owner.query<{ eou: number }>(
      'SELECT eou_latency AS eou FROM earshot.call_logs WHERE eou_latency IS NOT NULL',
    );
    for (const target of ['0.6', '1.2']) {
      const expected = turns.filter(({ eou }) => eou <= Number(target)).length / turns.length;
      close(number((await ask('voice-latency', 2, { target }))[0], 'under_target'), expected);
    }
    assert.equal(number((await ask('voice-latency', 6))[0], 'turns'), turns.length);
  });

  it('the silence over the target is cut by owner as the rows are', async () => {
    const turns = await owner.query<SilentTurn & { eou_latency: number | null }>(
      'SELECT * FROM earshot.call_logs',
    );
    for (const target of ['0.6', '0.8']) {
      const rows = await ask('voice-latency', 27, { target });
      const expected = overTarget(turns, Number(target)).owners;
      assert.deepEqual(rows.map(({ owner }) => owner).sort(), expected.map(ownerName).sort());
      for (const each of expected) {
        const row = rows.find(({ owner }) => owner === ownerName(each));
        close(number(row, 'seconds'), each.seconds);
        close(number(row, 'share'), each.share);
      }
    }
  });

  it('dead air is that of the calls in which it is known', async () => {
    const [row] = await owner.query<{ share: number }>(
      'SELECT sum(dead_air_seconds) / sum(duration_seconds) FILTER (WHERE dead_air_seconds IS NOT NULL) AS share FROM earshot.call_metrics WHERE agent_name IS NULL',
    );
    const unnamed = (await ask('voice-quality', 43, { agent: ['(none)'] }))[0];
    close(number(unnamed, 'dead_air'), row?.share ?? Number.NaN);
  });

  it('the segments of the slow and of the other turns add up to their EOU latency', async () => {
    const rows = await ask('voice-latency', 23, { target: '0.8' });
    const [mean] = await owner.query<{ over: number; within: number }>(
      `SELECT avg(eou_latency) FILTER (WHERE eou_latency > 0.8) AS over,
        avg(eou_latency) FILTER (WHERE eou_latency <= 0.8) AS within FROM earshot.call_logs WHERE segment_llm IS NOT NULL OR segment_tts IS NOT NULL OR segment_playout IS NOT NULL OR segment_endpointing IS NOT NULL`,
    );
    assert.deepEqual(
      rows.map(({ turns }) => turns),
      ['within target', 'over target'],
    );
    const sum = ({ turns, ...segments }: Row) =>
      Object.values(segments).reduce<number>((all, each) => all + Number(each), 0);
    close(sum(rows[0] ?? {}), mean?.within ?? Number.NaN);
    close(sum(rows[1] ?? {}), mean?.over ?? Number.NaN);
  });

  it('rates and shares are those of the rows', async () => {
    const calls = await owner.query<StoredCall>(
      'SELECT cost_total::double precision AS cost, duration_seconds, llm_cached_tokens::int AS cached, llm_input_tokens::int AS input, outcome, turn_count, interruption_count, unpriced FROM earshot.call_metrics',
    );
    const sum = (of: (call: StoredCall) => number | null, among = calls) =>
      among.reduce((all, call) => all + (of(call) ?? 0), 0);
    const share = (is: (call: StoredCall) => boolean, among = calls) =>
      among.filter(is).length / among.length;
    const priced = calls.filter(({ cost }) => cost !== null);
    const cached = calls.filter((call) => call.cached !== null);
    const known = calls.filter(({ outcome }) => outcome !== null);
    for (const [uid, id, column, expected] of [
      ['voice-cost', 3, 'per_call', sum(({ cost }) => cost) / priced.length],
      [
        'voice-cost',
        4,
        'per_minute',
        sum(({ cost }) => cost) / (sum((call) => call.duration_seconds, priced) / 60),
      ],
      ['voice-cost', 6, 'cache_hits', sum((call) => call.cached) / sum(({ input }) => input, cached)],
      ['voice-cost', 7, 'unpriced', share(({ unpriced }) => unpriced.length > 0)],
      ['voice-quality', 3, 'success', share(({ outcome }) => outcome === 'SUCCESS', known)],
      ['voice-quality', 4, 'unknown', share(({ outcome }) => outcome === null)],
      [
        'voice-quality',
        5,
        'interruption_rate',
        sum((call) => call.interruption_count) / sum((call) => call.turn_count),
      ],
    ] as const) {
      close(number((await ask(uid, id))[0], column), expected);
    }
  });

  it('a turn is abandoned when it is the last of a call that failed', async () => {
    const turns = await owner.query<{ id: string; turn: number; eou: number; outcome: string }>(
      `SELECT l.call_id AS id, l.turn_index AS turn, l.eou_latency AS eou, m.outcome
       FROM earshot.call_logs l JOIN earshot.call_metrics m USING (call_id)
       WHERE m.outcome IN ('SUCCESS', 'FAIL')`,
    );
    const last = new Map<string, number>();
    for (const { id, turn } of turns) last.set(id, Math.max(turn, last.get(id) ?? 0));
    const rows = await ask('voice-quality', 31);
    assert.ok(rows.some((row) => number(row, 'abandoned') > 0));
    for (const row of rows) {
      const [from = Number.NaN, to = Number.POSITIVE_INFINITY] =
        String(row.silence)
          .match(/[\d.]+/g)
          ?.map(Number) ?? [];
      const inRange = turns.filter(({ eou }) => eou !== null && eou >= from && eou < to);
      const abandoned = inRange.filter(
        ({ id, turn, outcome }) => outcome === 'FAIL' && turn === last.get(id),
      );
      close(number(row, 'abandoned'), abandoned.length / inRange.length);
    }
  });

  it('time to silence is read from the spans of the turns', async () => {
    const seconds = DAY_OF_CALLS.flat().flatMap((fact) =>
      fact.type === 'turn'
        ? (fact.interruptions ?? []).flatMap((each) =>
            each.kind === 'barge_in' ? [each.timeToSilenceSeconds ?? Number.NaN] : [],
          )
        : [],
    );
    assert.ok(seconds.length > 0);
    assert.equal(total(await ask('voice-quality', 24), 'barge_ins'), seconds.length);
  });
});

describe('the variables', () => {
  it('all is every call, those without a name too', async () => {
    assert.equal(number((await ask('voice-quality', 2))[0], 'calls'), DAY_OF_CALLS.length);
    const unnamed = await owner.query('SELECT FROM earshot.call_metrics WHERE agent_name IS NULL');
    assert.ok(unnamed.length > 0);
    assert.equal(number((await ask('voice-quality', 2, { agent: ['(none)'] }))[0], 'calls'), unnamed.length);
  });

  it('narrow the calls, by names with a quote, too', async () => {
    const rows = await owner.query(`SELECT FROM earshot.call_metrics WHERE agent_name = 'chef''s table'`);
    assert.ok(rows.length > 0);
    assert.equal(
      number((await ask('voice-quality', 2, { agent: ["chef's table"] }))[0], 'calls'),
      rows.length,
    );
  });

  it('narrow by provider and model to the calls with a turn that used them', async () => {
    const rows = await owner.query(
      "SELECT FROM earshot.call_metrics WHERE call_id IN (SELECT call_id FROM earshot.call_logs WHERE llm_model = 'gpt-unknown')",
    );
    assert.ok(rows.length > 0 && rows.length < DAY_OF_CALLS.length);
    const chosen = { provider: ['openai'], model: ['gpt-unknown'] };
    assert.equal(number((await ask('voice-quality', 2, chosen))[0], 'calls'), rows.length);
    const models = await ask('voice-cost', 22, chosen);
    assert.deepEqual(
      models.map(({ provider, model }) => [provider, model]),
      [['openai', 'gpt-unknown']],
    );
  });

  it('the time range is that of the calls', async () => {
    const dashboard = DASHBOARDS.find(({ uid }) => uid === 'voice-quality');
    const panel = dashboard?.panels.find(({ id }) => id === 2);
    assert.ok(dashboard !== undefined && panel !== undefined);
    const hour = { ...RANGE, to: new Date(CALLS_FROM.getTime() + 3_600_000) };
    const choices = await openVariables(dashboard, (sql) => reader.query(sql), hour);
    assert.equal(number((await answers(reader, panel, choices, hour))[0]?.[0], 'calls'), 2);
  });
});

describe("Grafana's role", () => {
  it('reads and nothing else', async () => {
    for (const sql of [
      "DELETE FROM earshot.call_logs WHERE call_id = 'x'",
      'CREATE TABLE mine (a int)',
      "SET default_transaction_read_only = off; UPDATE earshot.call_metrics SET outcome = 'SUCCESS'",
    ]) {
      await assert.rejects(reader.query(sql), { code: /^(25006|42501)$/ });
    }
  });

  it('is made again without harm, and reads what later migrations make', async () => {
    const statements = readFileSync(join(packageRoot, 'grafana/reader.sql'), 'utf8');
    await owner.query(statements.replace(":'password'", "'other'"));
    await owner.query('CREATE TABLE earshot.call_later (call_id text)');
    assert.deepEqual(await reader.query('SELECT * FROM earshot.call_later'), []);
  });
});
