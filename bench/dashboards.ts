import { callTotals, type Database } from '../exporter/store/index.ts';
import {
  getChoices,
  getLatency,
  getModels,
  getQuality,
  getSilence,
  getSpending,
  getTotals,
  listCallPage,
  searchCallPage,
} from '../exporter/store/views/index.ts';
import {
  committedDashboards,
  expandSql,
  openVariables,
  panelsOf,
  type TimeRange,
} from '../test/support/grafana/query.ts';
import { median } from './measure.ts';
import { aMonth, type Month } from './month.ts';
import type { BenchResult } from './result.ts';

const CALLS = Number(process.env.EARSHOT_BENCH_CALLS ?? 100_000);
const DAYS = Number(process.env.EARSHOT_BENCH_DAYS ?? 30);
const ROUNDS = 3;
const WORST = 10;
const WARM_MS = 300;
const COLD_MS = 1_000;
const TARGET_SECONDS = 1.2;

interface Taken {
  readonly name: string;
  /** The first time that it was asked, and the median of the times after it. */
  readonly coldMs: number;
  readonly ms: number;
}

/** What Grafana's panels and variables, the page's charts and the totals of `report` take over thirty days: the worst ten of all. */
export async function benchDashboards(): Promise<BenchResult[]> {
  const month = await aMonth(CALLS);
  try {
    const groups = { Grafana: await panelTimes(month), 'page and report': await viewTimes(month) };
    const all = Object.values(groups).flat();
    const stored = `over ${DAYS} days of ${month.calls} calls of ${month.turns} turns`;
    const counts = Object.entries(groups).map(([name, taken]) => ({
      name: `${name}: slow queries`,
      ours: taken.filter(({ ms }) => ms > WARM_MS).length,
      unit: 'queries',
      note: `of ${taken.length} over ${WARM_MS} ms, ${stored}; ${taken.filter(({ coldMs }) => coldMs > COLD_MS).length} took over ${COLD_MS} ms when first asked`,
    }));
    return [
      ...counts,
      {
        name: 'all queries',
        ours: all.reduce((sum, { ms }) => sum + ms, 0),
        unit: 'ms',
        note: 'one after the other',
      },
      ...worst(all, 'ms').map(({ name, ms, coldMs }) => ({
        name,
        ours: ms,
        unit: 'ms',
        note: `warm; ${coldMs.toFixed(0)} ms when first asked`,
      })),
      ...worst(all, 'coldMs')
        .slice(0, 3)
        .map(({ name, coldMs }) => ({
          name: `first asked: ${name}`,
          ours: coldMs,
          unit: 'ms',
          note: 'once',
        })),
    ];
  } finally {
    await month.close();
  }
}

const worst = (taken: readonly Taken[], by: 'ms' | 'coldMs') =>
  taken.toSorted((a, b) => b[by] - a[by]).slice(0, WORST);

async function timed<Answer>(
  name: string,
  ask: () => Promise<Answer>,
): Promise<{ taken: Taken; answer: Answer }> {
  const once = async () => {
    const begun = performance.now();
    const answer = await ask();
    return { ms: performance.now() - begun, answer };
  };
  const first = await once();
  const rounds: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) rounds.push((await once()).ms);
  return { taken: { name, coldMs: first.ms, ms: median(rounds) }, answer: first.answer };
}

async function panelTimes({ db, until: to }: Month): Promise<Taken[]> {
  // A point an hour is what Grafana asks for where a month is on the screen.
  const range: TimeRange = { from: new Date(to.getTime() - DAYS * 86_400_000), to, intervalSeconds: 3_600 };
  const times: Taken[] = [];
  const ask = async (name: string, sql: string) => {
    const { taken, answer } = await timed(name, () => db.query<Record<string, unknown>>(sql));
    times.push(taken);
    return answer;
  };
  for (const dashboard of committedDashboards()) {
    if (['voice-call', 'voice-pipeline'].includes(dashboard.uid)) continue;
    const short = dashboard.uid.replace('voice-', '');
    let variables = 0;
    const choices = await openVariables(
      dashboard,
      (sql) => ask(`${short}: variable ${++variables}`, sql),
      range,
    );
    for (const panel of panelsOf(dashboard))
      for (const { rawSql } of panel.targets ?? [])
        if (rawSql !== undefined)
          await ask(`${short} ${panel.id}: ${panel.title}`, expandSql(rawSql, choices, range));
  }
  return times;
}

/** What the page and `report` ask, of all calls and of one agent's. */
async function viewTimes({ db, until }: Month): Promise<Taken[]> {
  // As the page has it: back from the full hour.
  const since = Math.floor(until.getTime() / 3_600_000 - DAYS * 24) * 3_600e6;
  const first = { limit: 100 };
  const questions = {
    'page choices': () => getChoices(db),
    'page models': () => getModels(db),
    'report totals': () => callTotals(db, { since }),
    'report totals, all time': () => callTotals(db, {}),
    ...chartsOf(db, 'page', { since }),
    ...chartsOf(db, 'page, one agent of five', { since, agent: ['agent-2'] }),
    'page list': () => listCallPage(db, { since }, first),
    'page list, an agent': () => listCallPage(db, { since, agent: ['agent-2'] }, first),
    'page list, part of an id': () => searchCallPage(db, { since, idPart: 'a0b1c' }, first),
    'page list by cost': () => listCallPage(db, { since }, { ...first, order: 'cost' }),
    'page list by silence': () => listCallPage(db, { since }, { ...first, order: 'silence' }),
    'page totals, part of an id': () => getTotals(db, { since, idPart: 'a0b1c' }),
    'page totals, a customer': () => getTotals(db, { since, customer: ['cus_7'] }),
    'page latency, a model': () => getLatency(db, { since, model: ['gpt-4o'] }, TARGET_SECONDS),
  };
  const times: Taken[] = [];
  for (const [name, ask] of Object.entries<() => Promise<unknown>>(questions))
    times.push((await timed(name, ask)).taken);
  return times;
}

const chartsOf = (db: Database, name: string, of: { since: number; agent?: string[] }) => ({
  [`${name}: totals`]: () => getTotals(db, of),
  [`${name}: silence`]: () => getSilence(db, of, TARGET_SECONDS),
  [`${name}: latency`]: () => getLatency(db, of, TARGET_SECONDS),
  [`${name}: cost`]: () => getSpending(db, of),
  [`${name}: quality`]: () => getQuality(db, of),
});
