import { roundTicks } from '../../shared/axis.ts';
import { useWidth } from '../app/sizes.ts';
import { TimeAxis, timePositions } from './time-axis.tsx';

export interface Stack {
  /** Seconds since 1970. */
  at: number;
  parts: readonly { name: string; value: number }[];
  title: string;
}

interface Props {
  label: string;
  stacks: readonly Stack[];
  /** Seconds of one bar. */
  bucket: number;
  /** Class of a part, as `fill-llm`. */
  fill(name: string): string;
  show(value: number): string;
  /** Where a bar leads. */
  href?(stack: Stack): string;
  target?: number;
  height?: number;
}

const LEFT = 58;
const TOP = 8;
const AXIS = 22;

/** Sums over time, each cut into its parts. */
export function StackedBars({ label, stacks, bucket, fill, show, href, target, height = 220 }: Props) {
  const [ref, width] = useWidth<HTMLDivElement>();
  const sum = ({ parts }: Stack) => parts.reduce((total, { value }) => total + value, 0);
  const ticks = roundTicks(Math.max(target ?? 0, ...stacks.map(sum)));
  const top = ticks.at(-1) ?? 1;
  const y = (value: number) => TOP + (1 - value / top) * (height - TOP - AXIS);
  const { x, wide } = timePositions(stacks, bucket, LEFT, width);
  return (
    <div ref={ref}>
      {width > 0 && (
        <svg width={width} height={height} role="group" aria-label={label}>
          {ticks.map((tick) => (
            <g key={tick}>
              <line class="grid" x1={LEFT} x2={width} y1={y(tick)} y2={y(tick)} />
              <text class="axis" x={LEFT - 7} y={y(tick) + 4} text-anchor="end">
                {show(tick)}
              </text>
            </g>
          ))}
          {stacks.map((stack) => {
            let value = 0;
            const bars = stack.parts.map((part) => {
              const from = value;
              value += part.value;
              return part.value <= 0 ? null : (
                <rect
                  key={part.name}
                  class={fill(part.name)}
                  x={x(stack.at)}
                  y={y(value)}
                  width={wide}
                  height={Math.max(0.5, y(from) - y(value))}
                />
              );
            });
            const inside = (
              <>
                <title>{stack.title}</title>
                <rect class="bar-back" x={x(stack.at)} y={TOP} width={wide} height={height - TOP - AXIS} />
                {bars}
              </>
            );
            return href === undefined ? (
              <g key={stack.at} role="img" aria-label={stack.title}>
                {inside}
              </g>
            ) : (
              <a key={stack.at} href={href(stack)} aria-label={stack.title}>
                {inside}
              </a>
            );
          })}
          {target !== undefined && (
            <line class="chart-target" x1={LEFT} x2={width} y1={y(target)} y2={y(target)} />
          )}
          <TimeAxis stacks={stacks} bucket={bucket} x={x} y={height - 6} width={width} />
        </svg>
      )}
    </div>
  );
}
