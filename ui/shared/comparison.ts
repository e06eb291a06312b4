import type { FigureDifference } from '../../exporter/comparison/compare.ts';
import { JUDGMENT_WORDS, showDifference, showFigure, showInterval } from '../../exporter/comparison/words.ts';
import { COST_PARTS } from '../../model/vocabulary.ts';
import type { CompareAnswer, SelectionFigures } from './api.ts';
import { showCount, showLimit, showMoney, showShare, UNKNOWN } from './format.ts';
import { deadAirShare, overlapShare, talkRatio } from './speech.ts';

/** What is said of a difference; `plain`: nothing, as no interval is computed of it. */
export type Judgment = FigureDifference['judgment'] | 'plain';

/** In words; '' where there is nothing to say. */
export const showJudgment = (judgment: Judgment): string =>
  judgment === 'plain' || judgment === 'unknown' ? '' : JUDGMENT_WORDS[judgment];

/** One line of a comparison, as it is shown. */
export interface ComparedLine {
  group: string;
  name: string;
  a: string;
  b: string;
  change: string;
  interval: string;
  judgment: Judgment;
  note?: string;
}

const GROUPS: readonly (readonly [group: string, names: RegExp])[] = [
  ['Silence', /^silence_/],
  ['Silence by segment', /^segment_/],
  ['Cost', /^cost_/],
  ['Quality', /^(interruption|outcome)_/],
  ['Scores', /^score_/],
];

/** All that is compared of two selections, in groups. */
export function comparedLines({ a, b, figures, target_seconds }: CompareAnswer): ComparedLine[] {
  const plain = (
    group: string,
    name: string,
    show: (value: number | null) => string,
    of: (side: SelectionFigures) => number | null,
  ): ComparedLine => ({
    group,
    name,
    a: show(of(a)),
    b: show(of(b)),
    change: '',
    interval: '',
    judgment: 'plain',
  });
  const others: Readonly<Record<string, readonly ComparedLine[]>> = {
    Silence: [
      plain(
        'Silence',
        `under ${showLimit(target_seconds)}`,
        showShare,
        ({ silence }) => silence.under_target,
      ),
    ],
    Cost: COST_PARTS.map((part) =>
      plain('Cost', `${part}, a call`, showMoney, ({ totals }) =>
        perCall(totals[`cost_${part}`], totals.calls),
      ),
    ).filter(isKnown),
    Quality: (
      [
        ['agent speaks, of what is said', talkRatio],
        ['both at once, of what is said', overlapShare],
        ['dead air, of the call', deadAirShare],
      ] as const
    )
      .map(([name, share]) => plain('Quality', name, showShare, ({ totals }) => share(totals.speech) ?? null))
      .filter(isKnown),
  };
  return [
    plain('Calls', 'calls', showCount, ({ totals }) => totals.calls),
    plain('Calls', 'turns', showCount, ({ totals }) => totals.turns),
    ...GROUPS.flatMap(([group, names]) => [
      ...figures.filter(({ name }) => names.test(name)).map((figure) => lineOf(group, figure)),
      ...(others[group] ?? []),
    ]),
  ];
}

function lineOf(group: string, figure: FigureDifference): ComparedLine {
  const { title, unit, difference, judgment, note } = figure;
  const show = (value: number | null) => (value === null ? UNKNOWN : showFigure(unit, value));
  return {
    group,
    name: title,
    a: show(figure.a),
    b: show(figure.b),
    change: difference === null ? UNKNOWN : showDifference(unit, difference),
    interval: showInterval(figure),
    judgment,
    ...(note !== undefined && { note }),
  };
}

const isKnown = ({ a, b }: ComparedLine): boolean => a !== UNKNOWN || b !== UNKNOWN;

const perCall = (total: string | null, calls: number): number | null =>
  total === null || calls === 0 ? null : Number(total) / calls;
