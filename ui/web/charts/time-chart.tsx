import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { showDay, showDayAndHour, showHour, UNKNOWN } from '../../shared/format.ts';
import { useWidth } from '../app/sizes.ts';
import { theme } from '../app/theme.ts';

export interface Line {
  name: string;
  /** A custom property that holds its colour, as `--llm`. */
  colour: string;
  values: readonly (number | null)[];
  dashed?: boolean;
}

interface Props {
  /** What it shows, for who cannot see it. */
  label: string;
  /** Seconds since 1970. */
  times: readonly number[];
  lines: readonly Line[];
  /** A line across, as a target. */
  target?: number;
  show(value: number): string;
  height?: number;
  /** A stretch of time was chosen by dragging: seconds since 1970. */
  onZoom?(from: number, to: number): void;
}

const HALF_HOUR = 1_800;

/** A time of day; the day at its midnight, and where the marks are days apart. */
function momentText(at: number, step: number): string {
  const date = new Date(at * 1_000);
  if (step >= 86_400 || (date.getHours() === 0 && date.getMinutes() === 0)) return showDay(date);
  return showHour(date);
}

const showAt = (at: number) => showDayAndHour(new Date(at * 1_000));

const css = (name: string) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** Lines over time. Drag to choose a stretch. */
export function TimeChart({ label, times, lines, target, show, height = 220, onZoom }: Props) {
  const [box, width] = useWidth<HTMLDivElement>();
  const zoom = useRef(onZoom);
  zoom.current = onZoom;
  const colours = theme.value;
  useEffect(() => {
    const element = box.current;
    if (element === null || width === 0) return undefined;
    const axis = { stroke: css('--dim'), grid: { stroke: css('--line'), width: 1 }, ticks: { show: false } };
    // Around a single point there is an hour, or its scale would be one of months.
    const [only] = times;
    const isOne = only !== undefined && times.length === 1;
    const at = isOne ? [only - HALF_HOUR, only, only + HALF_HOUR] : [...times];
    const all = lines.map((line) => (isOne ? { ...line, values: [null, ...line.values, null] } : line));
    if (target !== undefined)
      all.push({ name: 'target', colour: '--faint', dashed: true, values: at.map(() => target) });
    const chart = new uPlot(
      {
        width,
        height,
        // The browser's own zone, as everywhere on the page.
        scales: { y: { range: (_, __, max) => [0, (max || 1) * 1.08] } },
        axes: [
          {
            ...axis,
            size: 30,
            values: (_, ticks, __, ___, step) => ticks.map((tick) => momentText(tick, step)),
          },
          { ...axis, size: 58, values: (_, ticks) => ticks.map(show) },
        ],
        series: [
          { label: 'at', value: (_: uPlot, at: number | null) => (at === null ? '' : showAt(at)) },
          ...all.map(({ name, colour, dashed }) => ({
            label: name,
            stroke: css(colour),
            width: dashed ? 1 : 2,
            ...(dashed && { dash: [4, 4] }),
            points: { show: times.length < 40 && !dashed, size: 5 },
            spanGaps: false,
            // Where nothing is pointed at, the name alone.
            value: (_: uPlot, value: number | null, __: number, at: number | null) =>
              at === null ? '' : value === null || value === undefined ? UNKNOWN : show(value),
          })),
        ],
        cursor: { drag: { x: onZoom !== undefined, y: false, setScale: false } },
        hooks: {
          setSelect: [
            (self) => {
              const { left, width: wide } = self.select;
              if (wide > 4) zoom.current?.(self.posToVal(left, 'x'), self.posToVal(left + wide, 'x'));
            },
          ],
        },
      },
      [at, ...all.map(({ values }) => [...values])] as uPlot.AlignedData,
      element,
    );
    return () => chart.destroy();
  }, [times, lines, target, width, height, colours]);
  return (
    <div
      ref={box}
      class="time-chart"
      role="img"
      aria-label={label}
      style={{ minHeight: `${height + 30}px` }}
    />
  );
}
