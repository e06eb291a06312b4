import type { Estimates } from '../../exporter/store/index.ts';
import type { CallMetricsRow } from '../../model/rows.ts';
import { showMoney, showSeconds, UNKNOWN } from './text.ts';

const ESTIMATED = '~';
const AT_LEAST = '+';

/** Seconds of silence; `~` before them: the end of some of it is estimated. */
export const markedSilence = (seconds: number | null, estimates: Estimates | undefined): string =>
  seconds !== null && estimates?.silence ? ESTIMATED + showSeconds(seconds) : showSeconds(seconds);

/** A cost; `~` before it: some usage is an estimate; `+` behind it: something had no price, so that it is at least that. */
export const markedCost = (row: CallMetricsRow, estimates: Estimates | undefined): string =>
  row.cost_total === null
    ? UNKNOWN
    : (estimates?.cost ? ESTIMATED : '') +
      showMoney(row.cost_total) +
      (row.unpriced.length > 0 ? AT_LEAST : '');

/** What the marks in a text mean: of those that are in it. */
export function legend(text: string): string[] {
  const is = (pattern: RegExp) => pattern.test(text);
  return [
    ...(is(/~[$\d]/) ? [`${ESTIMATED} estimated`] : []),
    ...(is(/\$[\d.]+\+/) ? [`${AT_LEAST} at least: something had no price, or no known usage`] : []),
    ...(is(new RegExp(`(^|\\s)${UNKNOWN}(\\s|$)`, 'm')) ? [`${UNKNOWN} not known`] : []),
  ];
}
