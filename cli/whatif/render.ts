import type { Decimal } from 'decimal.js';
import { COST_FIGURES, SILENCE_FIGURES, type SilenceFigure } from '../../exporter/decisions/answers.ts';
import type { Prediction } from '../../exporter/decisions/silence.ts';
import type { WhatIf } from '../../exporter/decisions/whatif.ts';
import { withSafeTexts } from '../../model/safe-text.ts';
import { bullet, showChange, showInterval } from '../render/estimates.ts';
import { count, type Paint, showMoney, showSeconds, table, UNKNOWN } from '../render/text.ts';

/** What would be different, for people. */
export function whatIfText(given: WhatIf, screen: number, paint: Paint): string {
  const result = withSafeTexts(given);
  const { calls, turns, changed, expired } = result;
  const parts = [
    `${count(calls, 'call')}, ${count(turns, 'turn')} with a known silence, ${changed.toLocaleString('en-US')} of them different.`,
    ...(expired > 0 ? [`${count(expired, 'call')} left out: their spans have left the journal.`] : []),
    '',
    result.silence ? silenceTable(result.silence) : `Silence: ${result.noSilence}.`,
    '',
    costTable(result),
    ...unpricedText(result),
  ];
  const list = (title: string, lines: readonly string[]): string[] =>
    lines.length === 0 ? [] : ['', paint('bold', title), ...lines.map((line) => bullet(line, screen))];
  return [...parts, ...list('From', result.sources), ...list('Not known', result.unknown)].join('\n');
}

const silenceTable = (silence: Readonly<Record<SilenceFigure, Prediction>>): string =>
  table<SilenceFigure>(
    [
      { title: 'SILENCE', cell: (name) => name },
      { title: 'NOW', right: true, cell: (name) => showSeconds(silence[name].before.value) },
      { title: 'THEN', right: true, cell: (name) => showSeconds(silence[name].after.value) },
      { title: '90 % INTERVAL', right: true, cell: (name) => showInterval(silence[name].after, showSeconds) },
      { title: 'CHANGE', right: true, cell: (name) => showChange(silence[name].change.value) },
      { title: '90 % INTERVAL', right: true, cell: (name) => showInterval(silence[name].change, showChange) },
    ],
    SILENCE_FIGURES,
  );

interface CostLine {
  readonly name: string;
  readonly before: Decimal | null;
  readonly after: Decimal | null;
}

/** Components that cost something, the total, and what it is by call and by minute. */
function costLines({ cost, calls, seconds }: WhatIf): CostLine[] {
  const { before, after } = cost;
  const parts = COST_FIGURES.filter((part) => before[part] !== null || after[part] !== null).map((name) => ({
    name,
    before: before[name],
    after: after[name],
  }));
  const by = (name: string, whole: number): CostLine[] =>
    whole > 0 && before.total !== null
      ? [{ name, before: before.total.dividedBy(whole), after: after.total?.dividedBy(whole) ?? null }]
      : [];
  return [...parts, ...by('a call', calls), ...by('a minute', seconds / 60)];
}

const costTable = (result: WhatIf): string =>
  table<CostLine>(
    [
      { title: 'COST', cell: ({ name }) => name },
      { title: 'NOW', right: true, cell: ({ before }) => showMoney(before) },
      { title: 'THEN', right: true, cell: ({ after }) => showMoney(after) },
      { title: 'CHANGE', right: true, cell: costChange },
    ],
    costLines(result),
  );

/** Where a number would say nothing. */
const UNCHANGED = 'none';

function costChange({ before, after }: CostLine): string {
  if (before === null || after === null) return UNKNOWN;
  const change = after.minus(before);
  if (change.isZero()) return UNCHANGED;
  const share = before.isZero() ? '' : ` (${change.dividedBy(before).times(100).toFixed(0)} %)`;
  return `${change.isNegative() ? '−' : '+'}${showMoney(change.abs())}${share.replace('-', '−')}`;
}

const unpricedText = ({ cost: { unpriced } }: WhatIf): string[] =>
  (['before', 'after'] as const).flatMap((side) =>
    unpriced[side].length === 0
      ? []
      : [
          `${side === 'before' ? 'Now' : 'Then'} without a price, and in no sum: ${unpriced[side].join(', ')}.`,
        ],
  );
