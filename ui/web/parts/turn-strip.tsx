import { SEGMENTS } from '../../../model/vocabulary.ts';
import type { TurnDetail } from '../../shared/api.ts';
import { showLimit, showSeconds } from '../../shared/format.ts';
import { about } from '../app/about.ts';
import { useWidth } from '../app/sizes.ts';
import { SegmentLegend } from './legend.tsx';

const HEIGHT = 136;
const TOP = 18;
const BOTTOM = 18;
const LEFT = 44;
const WIDEST = 74;

interface Props {
  turns: readonly TurnDetail[];
  selected: TurnDetail | undefined;
  /** Seconds that the highest column has at least, so that several strips compare. (Default: as long as the longest.) */
  atLeast?: number;
  onSelect(turn: TurnDetail): void;
}

/** How long the caller waited in each turn, and for what: the slow turns stand out, in the colour of their reason. */
export function TurnStrip({ turns, selected, onSelect, atLeast = 0 }: Props) {
  const target = about.value.target_seconds;
  const [ref, width] = useWidth<HTMLDivElement>();
  const longest = Math.max(0, ...turns.map(({ row }) => row.eou_latency ?? 0));
  if (longest === 0) return null;
  const top = Math.max(target * 1.15, longest * 1.05, atLeast * 1.05);
  const y = (seconds: number) => TOP + (1 - seconds / top) * (HEIGHT - TOP - BOTTOM);
  const step = Math.min(WIDEST, (width - LEFT) / turns.length);
  return (
    <section class="card pad strip" aria-label="Silence by turn">
      <div class="card-head">
        <h2>Silence by turn</h2>
        <span class="spacer" />
        <SegmentLegend />
      </div>
      <div ref={ref}>
        {width > 0 && (
          <svg width={width} height={HEIGHT} role="group" aria-label="Turns">
            <line class="target" x1={LEFT} x2={width} y1={y(target)} y2={y(target)} />
            <text class="axis" x={LEFT - 6} y={y(target) + 4} text-anchor="end">
              {showLimit(target)}
            </text>
            <text class="axis" x={LEFT - 6} y={HEIGHT - BOTTOM + 3} text-anchor="end">
              0
            </text>
            {turns.map((turn, i) => (
              <Column
                key={turn.row.turn_index}
                turn={turn}
                x={LEFT + i * step}
                step={step}
                y={y}
                isSelected={turn === selected}
                isNumbered={i % Math.ceil(26 / step) === 0}
                isOver={(turn.row.eou_latency ?? 0) > target}
                onSelect={onSelect}
              />
            ))}
          </svg>
        )}
      </div>
    </section>
  );
}

interface ColumnProps {
  turn: TurnDetail;
  x: number;
  step: number;
  y(seconds: number): number;
  isSelected: boolean;
  isOver: boolean;
  /** There is room for its number. */
  isNumbered: boolean;
  onSelect(turn: TurnDetail): void;
}

function Column({ turn, x, step, y, isSelected, isOver, isNumbered, onSelect }: ColumnProps) {
  const { row, segments } = turn;
  const gap = step > 12 ? Math.min(8, step * 0.2) : 1;
  const wide = Math.max(1, step - gap);
  let seconds = 0;
  const name = `Turn ${row.turn_index}: ${row.eou_latency === null ? 'no wait' : showSeconds(row.eou_latency)}`;
  return (
    <g
      class={`strip-turn ${isSelected ? 'is-selected' : ''}`}
      role="button"
      tabIndex={0}
      aria-pressed={isSelected}
      onClick={() => onSelect(turn)}
      onKeyDown={(event) => {
        if (event.key === 'Enter' || event.key === ' ') onSelect(turn);
      }}
    >
      <title>{name}</title>
      <rect class="strip-back" x={x} y={0} width={step} height={HEIGHT} rx={4} />
      {row.eou_latency === null && (
        <rect class="no-silence" x={x + gap / 2} y={y(0) - 2} width={wide} height={2} />
      )}
      {SEGMENTS.map((segment) => {
        const length = segments[segment] ?? 0;
        if (length === 0) return null;
        const from = seconds;
        seconds += length;
        return (
          <rect
            key={segment}
            class={`fill-${segment}`}
            x={x + gap / 2}
            y={y(seconds)}
            width={wide}
            height={Math.max(0.5, y(from) - y(seconds))}
          />
        );
      })}
      {step >= 42 && row.eou_latency !== null && (
        <text
          aria-hidden="true"
          class={`strip-figure ${isOver ? 'is-over' : ''}`}
          x={x + step / 2}
          y={y(seconds) - 4}
          text-anchor="middle"
        >
          {showSeconds(row.eou_latency)}
        </text>
      )}
      {isNumbered && (
        <text aria-hidden="true" class="axis" x={x + step / 2} y={HEIGHT - 4} text-anchor="middle">
          {row.turn_index}
        </text>
      )}
    </g>
  );
}
