import { showCountOf, showLimit } from '../../shared/format.ts';
import { useWidth } from '../app/sizes.ts';
import { stretchText, TimeAxis, timePositions } from './time-axis.tsx';

interface Props {
  cells: readonly (readonly [at: number, bin: number, turns: number])[];
  /** Where each bin begins, in seconds. */
  bins: readonly number[];
  bucket: number;
  target: number;
  /** Where a cell leads: its calls. */
  href(at: number, from: number, to: number | undefined): string;
}

const LEFT = 66;
const ROW = 22;
const AXIS = 22;

/** How many turns were silent for how long, over time. The darker, the more; each cell leads to its calls. */
export function HeatMap({ cells, bins, bucket, target, href }: Props) {
  const [ref, width] = useWidth<HTMLDivElement>();
  const times = [...new Set(cells.map(([at]) => at))].sort((a, b) => a - b).map((at) => ({ at }));
  const most = Math.max(1, ...cells.map(([, , turns]) => turns));
  const { x, wide } = timePositions(times, bucket, LEFT, width);
  const height = bins.length * ROW;
  const y = (bin: number) => height - (bin + 1) * ROW;
  const overBin = bins.findIndex((from) => from >= target);
  return (
    <div ref={ref}>
      {width > 0 && (
        <svg width={width} height={height + AXIS} role="group" aria-label="Turns by time and silence">
          {bins.map((from, bin) => (
            <text key={from} class="axis" x={LEFT - 8} y={y(bin) + ROW} text-anchor="end">
              {showLimit(from)}
            </text>
          ))}
          {cells.map(([at, bin, turns]) => {
            const [from = 0, to] = [bins[bin], bins[bin + 1]];
            const what = `${showCountOf(turns, 'turn')} from ${showLimit(from)}${to === undefined ? '' : ` to ${showLimit(to)}`}, ${stretchText(at, bucket)}`;
            return (
              <a key={`${at} ${bin}`} href={href(at, from, to)} aria-label={what}>
                <title>{what}</title>
                <rect
                  class={`heat ${overBin >= 0 && bin >= overBin ? 'is-over' : ''}`}
                  x={x(at)}
                  y={y(bin) + 1}
                  width={wide}
                  height={ROW - 1}
                  // The root keeps rare turns, which are the ones to look at, in sight.
                  fill-opacity={(0.12 + 0.88 * Math.sqrt(turns / most)).toFixed(2)}
                />
              </a>
            );
          })}
          {overBin > 0 && (
            <line class="chart-target" x1={LEFT} x2={width} y1={y(overBin - 1)} y2={y(overBin - 1)} />
          )}
          <TimeAxis stacks={times} bucket={bucket} x={x} y={height + 15} width={width} />
        </svg>
      )}
    </div>
  );
}
