import { FIGURE_NAMES, type FigureName } from '../../exporter/checks/figures.ts';
import type { Verdict } from '../../exporter/checks/judge.ts';
import { mayBeChance, showCount, showFigure, showInterval, showLimit } from '../../exporter/checks/words.ts';
import type { CheckAnswer } from './api.ts';
import { showCountOf, UNKNOWN } from './format.ts';

export { FIGURE_NAMES, type FigureName };

/** The parameter of the API and of addresses that has the limit of a figure: `limit_silence_p95`. */
export const limitParameter = (name: FigureName): string => `limit_${name.replaceAll('-', '_')}`;

/** What a figure is called where people read it, with an example of its limit. */
export const LIMIT_FIELDS: Readonly<Record<FigureName, readonly [title: string, example: string]>> = {
  'silence-p50': ['Silence p50, at most', '600ms'],
  'silence-p95': ['Silence p95, at most', '1.2s'],
  'cost-per-minute': ['Cost of a minute, at most', '$0.05'],
  'cost-per-call': ['Cost of a call, at most', '$0.20'],
  'interruption-rate': ['Interruptions, at most', '10%'],
  'success-rate': ['Success, at least', '80%'],
  unpriced: ['Calls without a price, at most', '0'],
};

/** What the fields beside the limits are called. */
export const OTHER_FIELDS = {
  score: 'Mean of a score',
  baseline: 'And no worse than',
  tolerance: 'Worse by no more than',
} as const;

/** An error of the API for people who see fields: that with the title of a parameter's field in place of its name. */
export function inFields(error: string): string {
  const titles: Readonly<Record<string, string>> = {
    ...Object.fromEntries(FIGURE_NAMES.map((name) => [limitParameter(name), LIMIT_FIELDS[name][0]])),
    ...OTHER_FIELDS,
  };
  const [name = '', ...rest] = error.split(': ');
  return Object.hasOwn(titles, name) ? [`“${titles[name]}”`, ...rest].join(': ') : error;
}

/** One verdict, as it is shown. */
export interface CheckedLine {
  figure: string;
  is: string;
  interval: string;
  expected: string;
  of: string;
  status: Verdict['status'];
  /** Why nothing is said, or what to keep in mind. */
  note: string;
}

const CHANCE = 'may be chance';

export const checkedLines = ({ verdicts }: Pick<CheckAnswer, 'verdicts'>): CheckedLine[] =>
  verdicts.map((verdict) => ({
    figure: verdict.figure,
    is: verdict.value === null ? UNKNOWN : showFigure(verdict.figure, verdict.value),
    interval: showInterval(verdict),
    expected: showLimit(verdict, UNKNOWN),
    of: showCount(verdict),
    status: verdict.status,
    note: [
      ...(verdict.note === undefined ? [] : [verdict.note]),
      ...(mayBeChance(verdict) ? [CHANCE] : []),
    ].join('; '),
  }));

/** What to keep in mind of a check. */
export const checkNotes = ({ verdicts, notes }: Pick<CheckAnswer, 'verdicts' | 'notes'>): string[] => [
  ...notes,
  ...(verdicts.some(mayBeChance)
    ? [
        'May be chance: the limit is in the 95 % interval of the figure, and other calls of the same kind may say otherwise.',
      ]
    : []),
];

/** What a check comes to, in a sentence. */
export function checkSentence({ verdicts, calls }: Pick<CheckAnswer, 'verdicts' | 'calls'>): string {
  const of = (status: Verdict['status']) => [
    ...new Set(verdicts.filter((each) => each.status === status).map(({ figure }) => figure)),
  ];
  const [broken, unknown] = [of('broken'), of('unknown')];
  const open = unknown.length > 0 ? ` Not judged: ${unknown.join(', ')}.` : '';
  if (broken.length > 0) return `Broken: ${broken.join(', ')}.${open}`;
  return of('holds').length === 0
    ? `Nothing can be judged of ${showCountOf(calls, 'call')}.${open}`
    : `All that can be judged holds, of ${showCountOf(calls, 'call')}.${open}`;
}

/** The limits as the file of promises has them: `earshot.slo.yaml`. */
export const sloText = (limits: readonly (readonly [FigureName, string])[]): string =>
  limits.map(([name, text]) => `${name}: ${text}`).join('\n');

/** The calls of as long a time before, as a baseline; undefined where that is not known. */
export function timeBefore(since: string): string | undefined {
  const [, number, unit] = /^(\d{1,6})([smhd])$/.exec(since) ?? [];
  return number === undefined ? undefined : `since=${2 * Number(number)}${unit}`;
}
