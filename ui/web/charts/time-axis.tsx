import { showDay, showHour } from '../../shared/format.ts';

/** Where the stretches of a chart over time stand: side by side, with gaps where there was nothing. */
export function timePositions(
  points: readonly { at: number }[],
  bucket: number,
  left: number,
  width: number,
): { x(at: number): number; wide: number } {
  const first = points[0]?.at ?? 0;
  const count = points.length === 0 ? 1 : Math.round(((points.at(-1)?.at ?? first) - first) / bucket) + 1;
  const step = Math.min(64, (width - left) / Math.max(1, count));
  return { x: (at) => left + ((at - first) / bucket) * step, wide: Math.max(1, step - (step > 5 ? 1.5 : 0)) };
}

interface Props {
  stacks: readonly { at: number }[];
  bucket: number;
  x(at: number): number;
  y: number;
  width: number;
}

const LABEL = 78;
const DAY = 86_400;

export function TimeAxis({ stacks, bucket, x, y, width }: Props) {
  let free = Number.NEGATIVE_INFINITY;
  return (
    <>
      {stacks.map(({ at }) => {
        const from = x(at);
        if (from < free || from + LABEL > width + 20) return null;
        free = from + LABEL;
        return (
          <text key={at} class="axis" x={from} y={y}>
            {stretchText(at, bucket)}
          </text>
        );
      })}
    </>
  );
}

/** When a stretch begins, where the reader is. */
export function stretchText(at: number, bucket: number): string {
  const date = new Date(at * 1_000);
  const day = showDay(date);
  if (bucket >= DAY) return day;
  return `${day} ${showHour(date)}`;
}
