import { roundTicks } from '../../shared/axis.ts';
import { type Frontier, type FrontierPoint, pointSentence } from '../../shared/decisions.ts';
import { showLimit, showShare } from '../../shared/format.ts';
import { useWidth } from '../app/sizes.ts';

interface Props {
  label: string;
  result: Frontier;
  /** The delay in force, in seconds. */
  now: number;
  /** One that is looked at. */
  asked?: number | undefined;
  height?: number;
}

const LEFT = 46;
const RIGHT = 14;
const TOP = 12;
const AXIS = 38;

/** Users cut off by the delay, with the interval that their share is likely in; the delay in force and the best one are marked. */
export function FrontierChart({ label, result, now, asked, height = 230 }: Props) {
  const [ref, width] = useWidth<HTMLDivElement>();
  const points = result.frontier;
  const [xTicks, yTicks] = [
    roundTicks(Math.max(now, ...points.map(({ delay }) => delay))),
    roundTicks(Math.max(...[result, ...points].map(({ cutOffs }) => cutOffs.high ?? cutOffs.value ?? 0))),
  ];
  const x = (delay: number) => LEFT + (delay / (xTicks.at(-1) ?? 1)) * (width - LEFT - RIGHT);
  const y = (share: number | null) => TOP + (1 - (share ?? 0) / (yTicks.at(-1) ?? 1)) * (height - TOP - AXIS);
  const at = (end: 'low' | 'value' | 'high') =>
    points.map(({ delay, cutOffs }) => `${x(delay)},${y(cutOffs[end] ?? cutOffs.value)}`);
  const best = result.recommended;
  const choice = points.find(({ delay }) => delay === asked);
  return (
    <div ref={ref}>
      {width > 0 && (
        <svg width={width} height={height} role="img" aria-label={label}>
          {yTicks.map((tick) => (
            <g key={tick}>
              <line class="grid" x1={LEFT} x2={width - RIGHT} y1={y(tick)} y2={y(tick)} />
              <text class="axis" x={LEFT - 7} y={y(tick) + 4} text-anchor="end">
                {showShare(tick)}
              </text>
            </g>
          ))}
          {xTicks.map((tick) => (
            <text key={tick} class="axis" x={x(tick)} y={height - AXIS + 16} text-anchor="middle">
              {tick === 0 ? '0' : showLimit(tick)}
            </text>
          ))}
          <text class="axis" x={width - RIGHT} y={height - 5} text-anchor="end">
            delay
          </text>
          <polygon class="frontier-band" points={[...at('low'), ...at('high').reverse()].join(' ')} />
          <polyline class="frontier-line" points={at('value').join(' ')} />
          {points.map((point) => (
            <circle
              key={point.delay}
              class="frontier-dot"
              cx={x(point.delay)}
              cy={y(point.cutOffs.value)}
              r={3}
            >
              <title>{pointSentence(now, point, result.cutOffs)}</title>
            </circle>
          ))}
          <Mark
            name="now"
            kind="now"
            at={x(now)}
            to={y(result.cutOffs.value)}
            row={0}
            {...{ width, height }}
          />
          {choice !== undefined && choice !== best && (
            <Mark name="asked" kind="asked" {...placed(choice)} row={2} {...{ width, height }} />
          )}
          {best !== undefined && (
            <Mark name="best" kind="best" {...placed(best)} row={1} {...{ width, height }} />
          )}
        </svg>
      )}
    </div>
  );

  function placed({ delay, cutOffs }: FrontierPoint) {
    return { at: x(delay), to: y(cutOffs.value) };
  }
}

const ROW = 14;

/** A delay that has a name: a line down to the curve. */
function Mark(props: {
  name: string;
  kind: string;
  at: number;
  to: number;
  row: number;
  width: number;
  height: number;
}) {
  const { name, kind, at, to, row, width, height } = props;
  const isLeft = at > width - 60;
  return (
    <g class={`mark-${kind}`}>
      <line x1={at} x2={at} y1={TOP} y2={height - AXIS} />
      <circle cx={at} cy={to} r={5} />
      <text x={at + (isLeft ? -5 : 5)} y={TOP + 10 + row * ROW} text-anchor={isLeft ? 'end' : 'start'}>
        {name}
      </text>
    </g>
  );
}
