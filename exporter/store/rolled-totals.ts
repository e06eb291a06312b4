import { COST_PARTS, SEGMENTS } from '../../model/vocabulary.ts';
import type { Queryable } from './database.ts';
import { percentilesOf } from './rollups/histogram.ts';
import { type LatencySums, latenciesOf, secondsOf } from './rollups/latencies.ts';
import type { RolledSource } from './rollups/read.ts';
import { OUTCOME_SUMS, outcomesOf } from './rollups/totals.ts';
import type { CallFigures, ModelSpeed, TurnFigures } from './totals-statements.ts';

/** Figures of calls, of all outcomes together. */
export type CallSums = Omit<CallFigures, 'outcome'>;

/** The figures of `totals-statements.ts`, from rollups. */
export interface RolledFigures {
  readonly calls: CallSums;
  readonly outcomes: Readonly<Record<string, number>>;
  readonly turns: TurnFigures;
  readonly unpriced: readonly string[];
}

const SPEEDS = { llm: 'ttfb_llm', tts: 'ttfb_tts' } as const;
const MOST_NAMES = 1_000;
const SEGMENT_FIGURES = SEGMENTS.map((segment) => `segment_${segment}` as const);

export async function rolledFigures(db: Queryable, source: RolledSource): Promise<RolledFigures> {
  const [[calls], latencies, words] = await Promise.all([
    db.query<CallSums & { outcomes: Record<string, number> }>(callSums(source), source.values),
    latenciesOf(db, source, {
      figures: ['eou_latency'],
      sums: [...SEGMENT_FIGURES, ...Object.values(SPEEDS)],
    }),
    db.query<{ kind: string; name: string; count: number }>(wordsOf(source), source.values),
  ]);
  if (calls === undefined) throw new Error('An aggregate without groups gives one row.');
  const estimated = (what: string) =>
    words.find(({ kind, name }) => kind === 'estimated' && name === what)?.count ?? 0;
  return {
    calls,
    outcomes: calls.outcomes,
    turns: {
      ...turnFiguresOf(latencies),
      estimated: estimated('silence'),
      estimated_usage: estimated('usage'),
    },
    unpriced: words.filter(({ kind }) => kind === 'unpriced').map(({ name }) => name),
  };
}

const callSums = (source: RolledSource): string => {
  const costs = [...COST_PARTS, 'total'].map((part) => `cost_${part}`);
  const counts = ['calls', 'turns', 'duration_us', 'judged_turns', 'interruptions', 'unanswered'];
  return `\
SELECT ${[...counts, ...costs].join(', ')}, calls - priced_calls AS without_cost, unpriced, longest_silence, ${outcomesOf('s')} AS outcomes
FROM (
  SELECT ${counts.map((name) => `sum(m.${name})::double precision AS ${name}`).join(', ')},
    ${costs.map((name) => `sum(m.${name})::text AS ${name}`).join(', ')},
    sum(m.priced_calls)::double precision AS priced_calls, sum(m.unpriced_calls)::double precision AS unpriced,
    max(m.eou_latency_max) AS longest_silence, ${OUTCOME_SUMS}
  FROM ${source.of('rollup_calls')}
) AS s`;
};

const wordsOf = (source: RolledSource): string => `\
SELECT m.kind, m.name, sum(m.count)::double precision AS count FROM ${source.of('rollup_words')}
WHERE m.kind IN ('unpriced', 'estimated') GROUP BY 1, 2 ORDER BY 1, 2 LIMIT ${MOST_NAMES}`;

function turnFiguresOf(
  latencies: readonly LatencySums[],
): Omit<TurnFigures, 'estimated' | 'estimated_usage'> {
  const silence = latencies.find(({ figure }) => figure === 'eou_latency');
  const [p50 = null, p95 = null] = percentilesOf(silence ?? { buckets: [], counts: [] }, [0.5, 0.95]);
  const segments = Object.fromEntries(
    SEGMENT_FIGURES.map((name) => [name, secondsOf(latencies, name) ?? null]),
  );
  return {
    turns: silence?.turns ?? 0,
    p50,
    p95,
    models: (['llm', 'tts'] as const)
      .flatMap((stage) => speedsOf(stage, latencies))
      .sort((a, b) => b.ttfbSeconds - a.ttfbSeconds),
    ...(segments as Record<(typeof SEGMENT_FIGURES)[number], number | null>),
  };
}

const speedsOf = (stage: 'llm' | 'tts', latencies: readonly LatencySums[]): ModelSpeed[] =>
  latencies
    .filter(({ figure }) => figure === SPEEDS[stage])
    .map(({ provider, model, turns, seconds }) => ({
      stage,
      provider,
      model,
      turns,
      ttfbSeconds: seconds / turns,
    }));
