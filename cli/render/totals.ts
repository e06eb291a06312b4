import type { CallTotals } from '../../exporter/store/index.ts';
import { COST_PARTS, SEGMENTS } from '../../model/vocabulary.ts';
import { apportion } from '../../ui/shared/apportion.ts';
import { ownerParts } from '../../ui/shared/owners.ts';
import { count, field, type Paint, showMoney, showSeconds, UNKNOWN, wrapped } from './text.ts';
import { unpricedText } from './unpriced.ts';

/** What all the calls that were asked for come to; `shown` of them are above it. */
export function totalsText(totals: CallTotals, shown: number, screen: number, paint: Paint): string {
  const { calls, turns, silence, segments } = totals;
  const about = totals.every > 1 ? '≈' : totals.estimatedTurns > 0 ? '~' : '';
  const seconds = (value: number | null) => (value === null ? UNKNOWN : about + showSeconds(value));
  const parts = SEGMENTS.map((segment) => segments[segment]);
  const shares = apportion(parts, 100);
  const line = (label: string, values: readonly string[]) => field(label, values, screen);
  return [
    paint(
      'bold',
      [
        ...(shown < calls ? [`${count(calls, 'call')}, ${shown} shown`] : [count(calls, 'call')]),
        count(turns, 'turn'),
      ].join(', '),
    ),
    line('silence before the agent answers', [
      `p50 ${paint('bold', seconds(silence.p50))}`,
      `p95 ${paint('bold', seconds(silence.p95))}`,
      `longest ${silence.max === null ? UNKNOWN : (totals.estimatedTurns > 0 ? '~' : '') + showSeconds(silence.max)}`,
    ]),
    ...(silence.turns > 0
      ? [
          line(
            'where it goes',
            SEGMENTS.flatMap((segment, i) => (parts[i] ? [`${segment} ${shares[i]} %`] : [])),
          ),
        ]
      : []),
    ...overTarget(totals, line),
    line('interruptions', [number(totals.interruptions)]),
    line('utterances without an answer', [number(totals.unanswered)]),
    line('outcomes', outcomes(totals)),
    line('cost', costs(totals, paint)),
    ...notes(totals).map((note) => paint('yellow', wrapped(note, screen))),
  ].join('\n');
}

/** Whose the silence is where it is longer than the target. */
function overTarget(
  { overTarget: over }: CallTotals,
  line: (label: string, values: readonly string[]) => string,
): string[] {
  if (over.turns === 0) return [];
  return [
    line(`silence over ${Number(over.seconds.toFixed(3))} s: whose it is`, [
      count(over.turns, 'turn'),
      ...ownerParts(over.owners),
    ]),
  ];
}

const number = (value: number | null): string => value?.toLocaleString('en-US') ?? UNKNOWN;

const outcomes = ({ outcomes: of }: CallTotals): string[] =>
  Object.entries(of)
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([outcome, calls]) => `${outcome} ${number(calls)}`);

/** The total and its components; a sum of nothing is not shown as one. */
function costs({ cost, costs: of, callsUnpriced, estimatedUsageTurns }: CallTotals, paint: Paint): string[] {
  const total =
    cost === null
      ? UNKNOWN
      : (estimatedUsageTurns > 0 ? '~' : '') + showMoney(cost) + (callsUnpriced > 0 ? '+' : '');
  return [
    paint('bold', total),
    ...COST_PARTS.flatMap((part) => (of[part] === null ? [] : [`${part} ${showMoney(of[part])}`])),
  ];
}

/** What the figures leave out, and how to get it. */
function notes(totals: CallTotals): string[] {
  const { callsUnpriced, callsWithoutCost, unpriced, calls, every, silence, estimatedTurns } = totals;
  return [
    ...(estimatedTurns > 0
      ? [
          `~ in ${number(estimatedTurns)} of ${count(silence.turns, 'turn')} the playback was not seen: the silence ends with the first audio that was made`,
        ]
      : []),
    ...(callsUnpriced > 0 ? [unpricedText(unpriced, `in ${count(callsUnpriced, 'call')}:`)] : []),
    ...(callsWithoutCost > 0 && callsWithoutCost < calls
      ? [`${count(callsWithoutCost, 'call')} without any cost`]
      : []),
    ...(every > 1
      ? [
          `≈ from the turns of one call in ${every.toLocaleString('en-US')}; counts, outcomes and costs are of all`,
        ]
      : []),
  ];
}

/** One sentence: where the silence goes, and which model is slowest there. Undefined where nothing is known of it. */
export function answer({ silence, segments, models }: CallTotals): string | undefined {
  const parts = SEGMENTS.map((segment) => segments[segment]);
  const shares = apportion(parts, 100);
  const largest = parts.indexOf(Math.max(...parts));
  const part = SEGMENTS[largest];
  if (silence.turns === 0 || part === undefined || !(parts[largest] ?? 0)) return undefined;
  // Of a part that no model has to do with: the slowest that the user waits for.
  const own = models.filter(({ stage }) => stage === part);
  const [slowest] = own.length > 0 ? own : models;
  const model =
    slowest === undefined
      ? ''
      : `; slowest model: ${[slowest.provider, slowest.model].filter(Boolean).join(' ') || UNKNOWN}, ${showSeconds(slowest.ttfbSeconds)} to its first ${slowest.stage === 'llm' ? 'word' : 'sound'} on average over ${count(slowest.turns, 'turn')}`;
  return `Slowest part: ${part}, ${shares[largest]} % of the silence${model}.`;
}

/** The same for JSON, named like columns. Seconds are not rounded. */
export const totalsJson = (totals: CallTotals): object => ({
  calls: totals.calls,
  turns: totals.turns,
  outcomes: totals.outcomes,
  duration_seconds: totals.durationSeconds,
  interruption_count: totals.interruptions,
  unanswered_count: totals.unanswered,
  cost_total: totals.cost,
  ...Object.fromEntries(COST_PARTS.map((part) => [`cost_${part}`, totals.costs[part]])),
  calls_without_cost: totals.callsWithoutCost,
  calls_unpriced: totals.callsUnpriced,
  unpriced: totals.unpriced,
  // From here on of one call in so many.
  every: totals.every,
  eou_latency: totals.silence,
  ...Object.fromEntries(SEGMENTS.map((segment) => [`segment_${segment}`, totals.segments[segment]])),
  over_target: {
    target_seconds: totals.overTarget.seconds,
    turns: totals.overTarget.turns,
    owners: totals.overTarget.owners,
  },
  turns_with_estimated_playback: totals.estimatedTurns,
  turns_with_estimated_usage: totals.estimatedUsageTurns,
  models: totals.models.map(({ ttfbSeconds, ...model }) => ({ ...model, ttfb_avg: ttfbSeconds })),
});
