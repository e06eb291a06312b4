import assert from 'node:assert/strict';
import { Decimal } from 'decimal.js';
import { CALL_LOGS, CALL_METRICS } from '../../exporter/store/columns.ts';
import type { Database } from '../../exporter/store/database.ts';
import { LENGTH_US } from '../../exporter/store/rollups/cover.ts';
import { BUCKETS_PER_DOUBLING, LEAST, percentilesOf, ZERO } from '../../exporter/store/rollups/histogram.ts';
import { rollUpAll, SLICES_FROM } from '../../exporter/store/rollups/roll-up.ts';
import { decodeRow, selectList } from '../../exporter/store/values.ts';
import { GRAINS, type Grain, LAST_BAND, outcomeColumn, ROLLUPS, type Rollup } from '../../model/rollups.ts';
import type { CallLogRow, CallMetricsRow } from '../../model/rows.ts';
import { COST_PARTS, LATENCIES, OUTCOMES, SEGMENTS } from '../../model/vocabulary.ts';

const SHARES = [0, 0.25, 0.5, 0.9, 0.95, 0.99, 1];
const STAGES = ['stt', 'llm', 'tts'] as const;

interface Call {
  readonly metrics: CallMetricsRow;
  readonly logs: CallLogRow[];
}

/** A line of a rollup, or of what it should be: what names it, and its figures as text. */
type Lines = Map<string, Record<string, string | null>>;

/** Computes what is marked, and fails unless every rollup is what the rows come to, worked out here once more. */
export async function assertRollups(db: Database): Promise<void> {
  await rollUpAll(db);
  const calls = await callsOf(db);
  const [clock] = await db.query<{ now: number; slices: number }>(
    `SELECT ${micros('now()')} AS now, ${micros(SLICES_FROM)} AS slices`,
  );
  assert.ok(clock);
  for (const grain of GRAINS) {
    const has = (at: number): boolean =>
      grain === 'slice' ? at >= clock.slices : at + LENGTH_US[grain] <= clock.now;
    const present = calls.filter(({ metrics }) => has(periodOf(metrics, grain)));
    assert.deepEqual(await linesOf(db, 'rollup_calls', grain), callLines(present, grain), `calls, ${grain}`);
    assert.deepEqual(
      await linesOf(db, 'rollup_models', grain),
      modelLines(present, grain),
      `models, ${grain}`,
    );
    assert.deepEqual(await linesOf(db, 'rollup_words', grain), wordLines(present, grain), `words, ${grain}`);
    await assertLatencies(db, 'rollup_latencies', present, grain);
    if (grain !== 'slice') await assertLatencies(db, 'rollup_tenant_latencies', present, grain);
  }
}

const micros = (instant: string) => `(extract(epoch FROM ${instant}) * 1000000)::double precision`;
const periodOf = ({ started_at }: CallMetricsRow, grain: Grain) =>
  Math.floor(started_at / LENGTH_US[grain]) * LENGTH_US[grain];

async function callsOf(db: Database): Promise<Call[]> {
  const calls = new Map<string, Call>();
  for (const row of await db.query(`SELECT ${selectList(CALL_METRICS)} FROM :schema.call_metrics`)) {
    const metrics = decodeRow<CallMetricsRow>(CALL_METRICS, row);
    calls.set(`${metrics.tenant}/${metrics.call_id}`, { metrics, logs: [] });
  }
  for (const row of await db.query(`SELECT ${selectList(CALL_LOGS)} FROM :schema.call_logs`)) {
    const log = decodeRow<CallLogRow>(CALL_LOGS, row);
    calls.get(`${log.tenant}/${log.call_id}`)?.logs.push(log);
  }
  return [...calls.values()];
}

const dimensionsOf = (metrics: CallMetricsRow, table: Rollup) =>
  ROLLUPS[table].dimensions.map((name) => metrics[name]);

const figure = (value: unknown): string | null =>
  value === null || value === undefined ? null : new Decimal(value as Decimal.Value).toFixed();

async function linesOf(db: Database, table: Rollup, grain: Grain): Promise<Lines> {
  const { dimensions, keys, measures } = ROLLUPS[table];
  const columns = Object.entries(measures).map(([name, { type }]) =>
    type === 'timestamptz' ? `${micros(name)} AS ${name}` : `${name}::text AS ${name}`,
  );
  const names = [...dimensions, ...Object.keys(keys)];
  const rows = await db.query<Record<string, unknown>>(
    `SELECT ${micros('at')} AS at, ${[...names, ...columns].join(', ')} FROM :schema.${table} WHERE grain = $1`,
    [grain],
  );
  const lines = rows.map((row) => {
    const figures = Object.entries(measures).map(
      ([name, { type }]) => [name, type.endsWith('[]') ? String(row[name]) : figure(row[name])] as const,
    );
    return [
      JSON.stringify([row.at, ...names.map((name) => row[name])]),
      Object.fromEntries(figures),
    ] as const;
  });
  assert.equal(new Set(lines.map(([key]) => key)).size, rows.length, `${table}: nothing is there twice`);
  return sorted(lines);
}

const sorted = <Value>(lines: Iterable<readonly [string, Value]>): Map<string, Value> =>
  new Map([...lines].sort(([a], [b]) => (a < b ? -1 : 1)));

function grouped<Item>(items: Iterable<readonly [key: unknown[], item: Item]>): Map<string, Item[]> {
  const groups = new Map<string, Item[]>();
  for (const [key, item] of items) {
    const text = JSON.stringify(key);
    const group = groups.get(text);
    if (group === undefined) groups.set(text, [item]);
    else group.push(item);
  }
  return sorted(groups);
}

const sum = (values: readonly unknown[]): string | null => {
  const known = values.filter((value) => value !== null && value !== undefined);
  if (known.length === 0) return null;
  return known
    .reduce<Decimal>((total, value) => total.plus(value as Decimal.Value), new Decimal(0))
    .toFixed();
};
const microsecondsOf = (seconds: number | null) => (seconds === null ? null : Math.round(seconds * 1e6));

/** Sums of the calls in which it is known who spoke when. */
function speechLine(rows: readonly CallMetricsRow[]): Record<string, string | null> {
  const talks = rows.filter((row) => row.user_speech_seconds !== null && row.agent_speech_seconds !== null);
  const silences = rows.filter(({ dead_air_seconds }) => dead_air_seconds !== null);
  const us = (
    some: readonly CallMetricsRow[],
    name:
      | 'user_speech_seconds'
      | 'agent_speech_seconds'
      | 'overlap_seconds'
      | 'dead_air_seconds'
      | 'duration_seconds',
  ) => sum(some.map((row) => microsecondsOf(row[name]))) ?? '0';
  const longest = rows.flatMap(({ longest_silence }) => longest_silence ?? []);
  return {
    talk_calls: `${talks.length}`,
    user_speech_us: us(talks, 'user_speech_seconds'),
    agent_speech_us: us(talks, 'agent_speech_seconds'),
    silence_calls: `${silences.length}`,
    silence_call_us: us(silences, 'duration_seconds'),
    overlap_us: us(silences, 'overlap_seconds'),
    dead_air_us: us(silences, 'dead_air_seconds'),
    dead_air_calls: `${silences.filter(({ dead_air_seconds }) => (dead_air_seconds ?? 0) > 0).length}`,
    longest_silence_max: longest.length === 0 ? null : figure(Math.max(...longest)),
  };
}

function callLines(calls: readonly Call[], grain: Grain): Lines {
  const groups = grouped(
    calls.map(({ metrics }) => [
      [periodOf(metrics, grain), ...dimensionsOf(metrics, 'rollup_calls')],
      metrics,
    ]),
  );
  return sorted(
    [...groups].map(([key, rows]) => {
      const of = (name: keyof CallMetricsRow) => sum(rows.map((row) => row[name]));
      const secondsOf = (name: 'stt_audio_seconds' | 'tts_audio_seconds' | 'duration_seconds') =>
        sum(rows.map((row) => microsecondsOf(row[name])));
      const countOf = (is: (row: CallMetricsRow) => boolean) => `${rows.filter(is).length}`;
      const starts = rows.map(({ started_at }) => started_at);
      const silences = rows.flatMap(({ eou_latency_max }) => eou_latency_max ?? []);
      const judged = rows.filter(({ interruption_count }) => interruption_count !== null);
      const line: Record<string, string | null> = {
        calls: `${rows.length}`,
        turns: of('turn_count'),
        duration_us: secondsOf('duration_seconds'),
        first_started_at: figure(Math.min(...starts)),
        last_started_at: figure(Math.max(...starts)),
        ...Object.fromEntries(
          OUTCOMES.map((word) => [outcomeColumn(word), countOf(({ outcome }) => outcome === word)]),
        ),
        outcome_unknown: countOf(({ outcome }) => outcome === null),
        interruptions: of('interruption_count'),
        false_interruptions: of('false_interruption_count'),
        unanswered: of('unanswered_count'),
        ...speechLine(rows),
        judged_turns: sum(judged.map(({ turn_count }) => turn_count)) ?? '0',
        sentiment_billionths: sum(
          rows.map(({ sentiment_avg }) => sentiment_avg && Math.round(sentiment_avg * 1e9)),
        ),
        felt_calls: countOf(({ sentiment_avg }) => sentiment_avg !== null),
        ...Object.fromEntries(
          ([...COST_PARTS, 'total'] as const).map((part) => [`cost_${part}`, of(`cost_${part}`)]),
        ),
        cost_judged: sum(rows.filter(({ outcome }) => outcome !== null).map(({ cost_total }) => cost_total)),
        priced_calls: countOf(({ cost_total }) => cost_total !== null),
        priced_us: sum(rows.map((row) => row.cost_total && microsecondsOf(row.duration_seconds))) ?? '0',
        priced_successes: countOf(({ outcome, cost_total }) => outcome === 'SUCCESS' && cost_total !== null),
        unpriced_calls: countOf(({ unpriced }) => unpriced.length > 0),
        ...costArrays(rows),
        eou_latency_max: silences.length === 0 ? null : figure(Math.max(...silences)),
        llm_input_tokens: of('llm_input_tokens'),
        llm_cached_tokens: of('llm_cached_tokens'),
        llm_output_tokens: of('llm_output_tokens'),
        stt_audio_us: secondsOf('stt_audio_seconds'),
        tts_characters: of('tts_characters'),
        tts_audio_us: secondsOf('tts_audio_seconds'),
        judged_input_tokens: sum(
          rows.map((row) => (row.llm_cached_tokens === null ? null : row.llm_input_tokens)),
        ),
      };
      return [key, line] as const;
    }),
  );
}

/** How many calls are in each bucket of what they cost, as text. */
function costArrays(rows: readonly CallMetricsRow[]): Record<'cost_buckets' | 'cost_counts', string> {
  const counts = new Map<number, number>();
  for (const { cost_total } of rows) {
    if (cost_total === null) continue;
    const cost = Number(cost_total);
    const bucket = cost < LEAST ? ZERO : Math.ceil(Math.log(cost) * (BUCKETS_PER_DOUBLING / Math.LN2)) - 1;
    counts.set(bucket, (counts.get(bucket) ?? 0) + 1);
  }
  const sorted = [...counts].sort(([a], [b]) => a - b);
  const text = (place: 0 | 1) => `{${sorted.map((each) => each[place]).join(',')}}`;
  return { cost_buckets: text(0), cost_counts: text(1) };
}

const QUANTITY = {
  stt: (log: CallLogRow) => microsecondsOf(log.stt_audio_seconds),
  llm: ({ llm_input_tokens: input, llm_output_tokens: output }: CallLogRow) =>
    input === null || output === null ? null : input + output,
  tts: (log: CallLogRow) => log.tts_characters,
} as const;

function modelLines(calls: readonly Call[], grain: Grain): Lines {
  const groups = grouped(
    calls.flatMap(({ metrics, logs }) =>
      logs.flatMap((log) =>
        STAGES.filter((stage) => log[`${stage}_provider`] !== null || log[`${stage}_model`] !== null).map(
          (stage) =>
            [
              [
                periodOf(metrics, grain),
                ...dimensionsOf(metrics, 'rollup_models'),
                stage,
                log[`${stage}_provider`],
                log[`${stage}_model`],
              ],
              { call: log.call_id, cost: log[`cost_${stage}`], quantity: QUANTITY[stage](log) },
            ] as const,
        ),
      ),
    ),
  );
  return sorted(
    [...groups].map(([key, turns]) => [
      key,
      {
        calls: `${new Set(turns.map(({ call }) => call)).size}`,
        turns: `${turns.length}`,
        cost: sum(turns.map(({ cost }) => cost)),
        quantity: sum(turns.map(({ quantity }) => quantity)),
      },
    ]),
  );
}

/** Words of turns: what these cost is not known. */
const OF_TURNS = new Set(['interruption', 'cut_off', 'error', 'estimated']);

function wordLines(calls: readonly Call[], grain: Grain): Lines {
  const groups = grouped(
    calls.flatMap(({ metrics, logs }) => {
      const words: [kind: string, name: string | null][] = [
        ['end_reason', metrics.end_reason],
        ['outcome_source', metrics.outcome_source],
        ['price_list', metrics.price_list],
        ['sentiment', metrics.sentiment_label],
        ...metrics.unpriced.map((name): [string, string] => ['unpriced', name]),
        ...logs.flatMap((log): [string, string | null][] => [
          ['interruption', log.interruption_kind],
          ['cut_off', log.cut_off_by],
          ['error', log.error_type],
          ['estimated', log.eou_latency !== null && log.playback_source === 'estimated' ? 'silence' : null],
          ['estimated', log.usage_estimated === true ? 'usage' : null],
        ]),
      ];
      return words
        .filter(([, name]) => name !== null)
        .map(
          (word) =>
            [[periodOf(metrics, grain), ...dimensionsOf(metrics, 'rollup_words'), ...word], metrics] as const,
        );
    }),
  );
  return sorted(
    [...groups].map(([key, of]) => [
      key,
      {
        count: `${of.length}`,
        last_started_at: figure(Math.max(...of.map(({ started_at }) => started_at))),
        cost: OF_TURNS.has(JSON.parse(key).at(-2)) ? null : sum(of.map(({ cost_total }) => cost_total)),
      },
    ]),
  );
}

async function assertLatencies(
  db: Database,
  table: 'rollup_latencies' | 'rollup_tenant_latencies',
  calls: readonly Call[],
  grain: Grain,
): Promise<void> {
  const expected = grouped(
    calls.flatMap(({ metrics, logs }) =>
      logs.flatMap((log) =>
        figuresOf(log).flatMap(({ name, provider, model, seconds }) => {
          const key = [periodOf(metrics, grain), ...dimensionsOf(metrics, table), name, provider, model];
          const isOfSilence = name === 'eou_latency' || name.startsWith('segment_');
          return seconds === null
            ? []
            : [[key, { seconds, silence: isOfSilence ? log.eou_latency : null }] as const];
        }),
      ),
    ),
  );
  const names = [...ROLLUPS[table].dimensions, 'figure', 'provider', 'model'];
  const found = await db.query<
    Record<string, unknown> & {
      turns: number;
      us: string;
      least: number;
      greatest: number;
      buckets: number[];
      counts: number[];
      bands: number[] | null;
      band_turns: number[] | null;
      band_us: string[] | null;
    }
  >(
    `SELECT ${micros('at')} AS at, ${names.join(', ')}, turns::int, sum_us::text AS us, least, greatest, buckets, counts,
  bands, band_turns, band_us::text[] AS band_us
FROM :schema.${table} WHERE grain = $1`,
    [grain],
  );
  const keyOf = (row: Record<string, unknown>) => JSON.stringify([row.at, ...names.map((name) => row[name])]);
  assert.deepEqual(found.map(keyOf).sort(), [...expected.keys()].sort(), `${table}, ${grain}`);
  for (const row of found) {
    const turns = expected.get(keyOf(row)) ?? [];
    const values = turns.map(({ seconds }) => seconds).sort((a, b) => a - b);
    assert.deepEqual(
      [row.bands, row.band_turns, row.band_us],
      bandsOf(turns, row.figure === 'eou_latency'),
      keyOf(row),
    );
    assert.equal(row.turns, values.length);
    assert.equal(row.us, sum(values.map(microsecondsOf)));
    assert.deepEqual([row.least, row.greatest], [values[0], values.at(-1)]);
    percentilesOf(row, SHARES).forEach((found, index) => {
      const exact = percentileCont(values, SHARES[index] ?? 0);
      assert.ok(
        found !== null && Math.abs(found - exact) <= 0.01 * exact + 1e-6,
        `${keyOf(row)}: ${found} for ${exact}`,
      );
    });
  }
}

/** Turns and microseconds by the tenth of a second that the silence is in. */
function bandsOf(turns: readonly { seconds: number; silence: number | null }[], areCounted: boolean) {
  const bandOf = (silence: number) =>
    Math.min(LAST_BAND, Math.max(0, Math.ceil(Math.round(silence * 1e6) / 1e5) - 1));
  const bands = new Map<number, number[]>();
  for (const { seconds, silence } of turns) {
    if (silence === null) continue;
    bands.set(bandOf(silence), [...(bands.get(bandOf(silence)) ?? []), seconds]);
  }
  if (bands.size === 0) return [null, null, null];
  const ordered = [...bands].sort(([a], [b]) => a - b);
  return [
    ordered.map(([band]) => band),
    areCounted ? ordered.map(([, each]) => each.length) : null,
    ordered.map(([, each]) => sum(each.map(microsecondsOf))),
  ];
}

const figuresOf = (log: CallLogRow) => [
  ...LATENCIES.map((name) => {
    const stage = STAGES.find((each) => name.endsWith(`_${each}`));
    return {
      name,
      provider: stage === undefined ? null : log[`${stage}_provider`],
      model: stage === undefined ? null : log[`${stage}_model`],
      seconds: log[name],
    };
  }),
  ...SEGMENTS.map((segment) => ({
    name: `segment_${segment}`,
    provider: segment === 'llm' || segment === 'tts' ? log[`${segment}_provider`] : null,
    model: segment === 'llm' || segment === 'tts' ? log[`${segment}_model`] : null,
    seconds: log.eou_latency === null ? null : log[`segment_${segment}`],
  })),
];

/** As PostgreSQL has it, of values in order. */
export function percentileCont(sorted: readonly number[], share: number): number {
  const place = share * (sorted.length - 1);
  const [low = Number.NaN, high = Number.NaN] = [sorted[Math.floor(place)], sorted[Math.ceil(place)]];
  return low + (high - low) * (place % 1);
}
