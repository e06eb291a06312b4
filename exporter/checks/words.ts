import { showFigure as showUnit } from '../comparison/words.ts';
import { kindOf } from './figures.ts';
import type { Verdict } from './judge.ts';

/** A figure as people write it: `912 ms`, `$0.0512`, `12.5 %`, `3`. */
export function showFigure(name: Verdict['figure'], value: number): string {
  const { unit } = kindOf(name);
  return unit === 'count' ? value.toLocaleString('en-US') : showUnit(unit, value);
}

/** What was expected: `at most 900 ms`. @param unknown - where the baseline does not say */
export function showLimit({ figure, limit, from, bound }: Verdict, unknown: string): string {
  const isLeast = bound === undefined ? kindOf(figure).atLeast === true : bound === 'at_least';
  const word = isLeast ? 'at least' : 'at most';
  const value = limit === null ? unknown : showFigure(figure, limit);
  return `${word} ${value}${from === 'baseline' ? ' (baseline)' : ''}`;
}

/** `512 turns`. */
export const showCount = ({ figure, count }: Verdict): string =>
  `${count.toLocaleString('en-US')} ${kindOf(figure).of}`;

/** `1180 to 1310 ms`; '' where there is none. */
export function showInterval({ figure, interval }: Verdict): string {
  if (interval === undefined) return '';
  const [low, high] = interval.map((value) => showFigure(figure, value)) as [string, string];
  const unit = [' ms', ' s', ' %'].find((each) => low.endsWith(each) && high.endsWith(each));
  return `${unit === undefined ? low : low.slice(0, -unit.length)} to ${high}`;
}

/** Whether a limit is in the interval of its figure: other calls of the same kind may say otherwise. */
export const mayBeChance = ({ interval, limit }: Verdict): boolean =>
  interval !== undefined && limit !== null && interval[0] <= limit && limit <= interval[1];
