import { COST_PARTS, SEGMENTS } from '../../model/vocabulary.ts';
import type { CompareAnswer, SelectionFigures } from './api.ts';
import { type Difference, medianDifference, plainDifference, shareDifference } from './difference.ts';
import { showCount, showLimit, showMoney, showSeconds, showShare } from './format.ts';

/** One line of a comparison. */
export interface ComparedLine {
  group: string;
  name: string;
  difference: Difference;
  show(value: number | null): string;
}

const perCall = (total: string | null, calls: number): number | null =>
  total === null || calls === 0 ? null : Number(total) / calls;

/** All that is compared of two selections, in groups. */
export function comparedLines({ a, b, target_seconds }: CompareAnswer): ComparedLine[] {
  const line = (
    group: string,
    name: string,
    difference: Difference,
    show: (value: number | null) => string,
  ): ComparedLine => ({ group, name, difference, show });
  const quartiles = ({ silence }: SelectionFigures) => ({ ...silence, n: silence.turns });
  const under = ({ silence: { under_target, turns } }: SelectionFigures) => ({
    part: under_target === null ? null : under_target * turns,
    of: turns,
  });
  const success = ({ totals: { outcomes, calls } }: SelectionFigures) => ({
    part: outcomes.SUCCESS ?? 0,
    of: calls - (outcomes.unknown ?? 0),
  });
  const interrupted = ({ totals }: SelectionFigures) => ({
    part: totals.interruptions,
    of: totals.judged_turns,
  });
  const plain = (of: (figures: SelectionFigures) => number | null) => plainDifference(of(a), of(b));
  return [
    line(
      'Calls',
      'calls',
      plain(({ totals }) => totals.calls),
      showCount,
    ),
    line(
      'Calls',
      'turns',
      plain(({ totals }) => totals.turns),
      showCount,
    ),
    line('Silence', 'p50', medianDifference(quartiles(a), quartiles(b)), showSeconds),
    line(
      'Silence',
      'p95',
      plain(({ silence }) => silence.p95),
      showSeconds,
    ),
    line(
      'Silence',
      `under ${showLimit(target_seconds)}`,
      shareDifference(under(a), under(b), 'high'),
      showShare,
    ),
    ...SEGMENTS.map((segment) =>
      line(
        'Silence, mean of each segment',
        segment,
        plain(({ silence }) => silence.segments[segment] ?? null),
        showSeconds,
      ),
    ),
    line(
      'Cost',
      'a call',
      plain(({ totals }) => perCall(totals.cost_total, totals.calls)),
      showMoney,
    ),
    line(
      'Cost',
      'a minute',
      plain(({ totals }) => perCall(totals.cost_total, totals.duration_seconds / 60)),
      showMoney,
    ),
    ...COST_PARTS.map((name) =>
      line(
        'Cost',
        `${name}, a call`,
        plain(({ totals }) => perCall(totals[`cost_${name}`], totals.calls)),
        showMoney,
      ),
    ),
    line('Quality', 'success, where known', shareDifference(success(a), success(b), 'high'), showShare),
    line('Quality', 'interrupted turns', shareDifference(interrupted(a), interrupted(b), 'low'), showShare),
  ].filter(({ difference }) => difference.a !== null || difference.b !== null);
}
