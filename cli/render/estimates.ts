import type { Estimate } from '../../exporter/statistics/bootstrap.ts';
import { showSeconds, UNKNOWN, wrapped } from './text.ts';

/** `−132 ms`, `+12 ms`. */
export const showChange = (seconds: number): string =>
  Number.isNaN(seconds) ? UNKNOWN : `${seconds < 0 ? '−' : '+'}${showSeconds(Math.abs(seconds))}`;

/** `1.4 %` of a share, with a sign where it is one of a change. */
export function showShare(share: number, signed = false): string {
  if (Number.isNaN(share)) return UNKNOWN;
  const shown = (Math.abs(share) * 100).toFixed(1);
  const sign = Number(shown) === 0 ? '' : share < 0 ? '−' : signed ? '+' : '';
  return `${sign}${shown} %`;
}

/** An interval, each end as `show` writes it; the unit stands once: `771 … 792 ms`. */
export function showInterval({ low, high }: Estimate, show: (value: number) => string): string {
  if (Number.isNaN(low) || Number.isNaN(high)) return UNKNOWN;
  const [from, to] = [show(low), show(high)];
  const unit = / (ms|s|%)$/.exec(to)?.[0] ?? '';
  return `${from.endsWith(unit) ? from.slice(0, from.length - unit.length) : from} … ${to}`;
}

/** One point of a list, on lines that fit. */
export const bullet = (text: string, screen: number): string =>
  `- ${wrapped(text, screen - 2).replaceAll('\n', '\n  ')}`;
