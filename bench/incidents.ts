import { type Slowdown, usualSlowdown } from '../demo/weeks/slowdown.ts';
import { spansOf } from '../demo/weeks/spans.ts';
import { simulateWeeks } from '../demo/weeks/weeks.ts';
import { readFact } from '../exporter/dialects/index.ts';
import { finalizeCall } from '../exporter/finalize.ts';
import { replayed } from '../exporter/incidents/replay.ts';
import { watchedTurns } from '../exporter/incidents/turns.ts';
import { catalogue } from '../exporter/pricing/index.ts';
import { quantileOf } from '../exporter/statistics/quantile.ts';
import type { Micros } from '../model/facts.ts';
import type { Incident } from '../model/incidents.ts';
import type { BenchResult } from './result.ts';

const [MINUTE_US, DAY_US] = [60_000_000, 86_400_000_000];
/** 2026-11-22, midnight UTC: of other times other calls are simulated. */
const UNTIL_US = Date.UTC(2026, 10, 22) * 1_000;
const DAYS = 2;
const BUDGET_SECONDS = 1.2;

/** How many calls are made an hour around noon, how many there are in two days, and how often these are simulated. */
const TRAFFIC = [
  { anHour: 20, calls: 572, seeds: 16 },
  { anHour: 100, calls: 2_860, seeds: 5 },
] as const;

/** What is opened in two simulated days. */
function incidentsOf(seed: number, calls: number, slowdowns: readonly Slowdown[]): Incident[] {
  const turns = [...simulateWeeks({ seed, calls, days: DAYS, untilUs: UNTIL_US, slowdowns })]
    .map((call) => spansOf(call).flatMap((span) => readFact(span) ?? []))
    .flatMap((facts) => watchedTurns(finalizeCall(facts, catalogue())))
    .sort((a, b) => a.at - b.at);
  return replayed(turns, { from: UNTIL_US - DAYS * DAY_US, until: UNTIL_US, budget: BUDGET_SECONDS })
    .incidents;
}

/** The incident that a change is, if there is one. */
const isOf = ({ stage, provider, fromUs, untilUs }: Slowdown, { owner, openedAt }: Incident): boolean =>
  owner.part === stage && owner.provider === provider && openedAt > fromUs && openedAt < untilUs;

const inMinutes = (us: Micros): number => Math.round(us / MINUTE_US);

/** How often incidents are wrong, and how late: days without a change, and days in which one is known to the minute. */
export const benchIncidents = (): BenchResult[] => TRAFFIC.map(measured);

function measured({ anHour, calls, seeds }: (typeof TRAFFIC)[number]): BenchResult {
  const truth = usualSlowdown(UNTIL_US);
  let isFalse = 0;
  const found: Incident[] = [];
  for (let seed = 1; seed <= seeds; seed += 1) {
    const changed = incidentsOf(seed, calls, [truth]);
    const own = changed.find((incident) => isOf(truth, incident));
    if (own !== undefined) found.push(own);
    isFalse += incidentsOf(seed, calls, []).length + changed.filter((incident) => incident !== own).length;
  }
  const late = found.map(({ openedAt }) => inMinutes(openedAt - truth.fromUs)).sort((a, b) => a - b);
  const off = found.map(({ since }) => inMinutes(since - truth.fromUs)).sort((a, b) => a - b);
  return {
    name: `incident opened, ${anHour} calls an hour`,
    ours: quantileOf(late, 0.5),
    unit: 'min',
    note: `median of the minutes from a change until its incident is opened, ${calls / DAYS} calls a day. ${isFalse} false incidents in ${2 * DAYS * seeds} days; ${found.length} of ${seeds} changes found, opened after ${late.join(', ')} minutes, "since" off by ${off.join(', ')} minutes.`,
  };
}
