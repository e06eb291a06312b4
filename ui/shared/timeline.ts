import type { TurnDetail } from './api.ts';
import type { Span } from './waterfall.ts';

/** Shortest stretch that a timeline shows, in seconds. */
const CLOSEST_SECONDS = 0.25;

/** A view moved and cut so that it shows something of the whole, and no more than it. */
export function clampView(view: Span, whole: Span): Span {
  const length = whole.end - whole.start;
  const shown = Math.min(length, Math.max(CLOSEST_SECONDS, view.end - view.start));
  const start = Math.max(whole.start, Math.min(view.start, whole.end - shown));
  return { start, end: start + shown };
}

/** Closer (a factor below 1) or farther, with the instant `at` where it is. */
export function zoomed(view: Span, whole: Span, factor: number, at: number): Span {
  const length = Math.min(
    whole.end - whole.start,
    Math.max(CLOSEST_SECONDS, (view.end - view.start) * factor),
  );
  const share = (at - view.start) / (view.end - view.start || 1);
  const start = at - share * length;
  return clampView({ start, end: start + length }, whole);
}

export const panned = (view: Span, whole: Span, seconds: number): Span =>
  clampView({ start: view.start + seconds, end: view.end + seconds }, whole);

/** A turn with room around it. */
export function aroundSpan({ start, end }: Span, whole: Span): Span {
  const room = Math.max(0.5, (end - start) * 0.15);
  return clampView({ start: start - room, end: end + room }, whole);
}

/** A view that shows a span: the same one where it does already. */
export function revealing(view: Span, whole: Span, span: Span): Span {
  if (span.start >= view.start && span.end <= view.end) return view;
  const length = view.end - view.start;
  if (span.end - span.start > length) return aroundSpan(span, whole);
  const middle = (span.start + span.end) / 2;
  return clampView({ start: middle - length / 2, end: middle + length / 2 }, whole);
}

const STEPS = [0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1_800, 3_600];

/** Round instants of an axis, no more than so many. */
export function ticksOf({ start, end }: Span, most: number): number[] {
  const step = STEPS.find((candidate) => (end - start) / candidate <= most) ?? 7_200;
  const first = Math.ceil(start / step - 1e-9);
  const ticks: number[] = [];
  for (let i = first; i * step <= end + 1e-9; i++) ticks.push(Number((i * step).toFixed(6)));
  return ticks;
}

/** `65.2` as `1:05.2`: tenths only where the axis is that close. */
export function tickText(seconds: number, step: number): string {
  const places = step < 0.1 ? 2 : step < 1 ? 1 : 0;
  const sign = seconds < 0 ? '−' : '';
  const [whole = '0', part] = Math.abs(seconds).toFixed(places).split('.');
  const minutes = Math.floor(Number(whole) / 60);
  const text = `${minutes}:${String(Number(whole) % 60).padStart(2, '0')}`;
  return `${sign}${text}${part === undefined ? '' : `.${part}`}`;
}

/** Where two lists of spans lie over each other. */
export function overlapsOf(a: readonly Span[], b: readonly Span[]): Span[] {
  const others = byStart(b);
  let first = 0;
  return byStart(a).flatMap((one) => {
    // What ended before one began has ended before all that follow.
    while (first < others.length && (others[first] as Span).end <= one.start) first++;
    const overlaps: Span[] = [];
    for (let i = first; i < others.length; i++) {
      const other = others[i] as Span;
      if (other.start >= one.end) break;
      const start = Math.max(one.start, other.start);
      const end = Math.min(one.end, other.end);
      if (end > start) overlaps.push({ start, end });
    }
    return overlaps;
  });
}

const byStart = (spans: readonly Span[]): Span[] => spans.toSorted((a, b) => a.start - b.start);

/** All of a turn: from its first word to its last. */
export function extentOf(turn: Pick<TurnDetail, 'start' | 'end' | 'speech' | 'heard' | 'silence'>): Span {
  const spans = [...turn.speech, ...turn.heard, ...(turn.silence ? [turn.silence] : [])];
  if (spans.length === 0) return { start: turn.start, end: Math.max(turn.end, turn.start + 0.2) };
  return {
    start: Math.min(...spans.map(({ start }) => start)),
    end: Math.max(...spans.map(({ end }) => end)),
  };
}
