import { useState } from 'preact/hooks';
import { SEGMENTS } from '../../../model/vocabulary.ts';
import type { TurnDetail } from '../../shared/api.ts';
import { showLimit, showSeconds } from '../../shared/format.ts';
import { about } from '../app/about.ts';
import { MANY_TURNS, useAfterFirst } from '../app/after-first.ts';
import { useWidth } from '../app/sizes.ts';
import { BoxesByClass } from './boxes.ts';
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
  const [hovered, setHovered] = useState<TurnDetail>();
  // Seen are the columns: of many turns, what is pressed comes after them.
  const canPress = useAfterFirst(turns.length > MANY_TURNS);
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
          <svg
            width={width}
            height={HEIGHT}
            role="group"
            aria-label="Turns"
            {...pressing(turns, onSelect)}
            onPointerOver={(event) => setHovered(turnOf(turns, event))}
            onPointerLeave={() => setHovered(undefined)}
          >
            {hovered && <title>{nameOf(hovered)}</title>}
            <line class="target" x1={LEFT} x2={width} y1={y(target)} y2={y(target)} />
            <text class="axis" x={LEFT - 6} y={y(target) + 4} text-anchor="end">
              {showLimit(target)}
            </text>
            <text class="axis" x={LEFT - 6} y={HEIGHT - BOTTOM + 3} text-anchor="end">
              0
            </text>
            {(canPress ? turns : []).map((turn, i) => (
              <Place
                key={turn.row.turn_index}
                turn={turn}
                place={i}
                x={LEFT + i * step}
                step={step}
                figureY={y(lengthOf(turn)) - 4}
                isSelected={turn === selected}
                isNumbered={i % Math.ceil(26 / step) === 0}
                isOver={(turn.row.eou_latency ?? 0) > target}
              />
            ))}
            {columns(turns, step, y).map(([className, path]) => (
              <path key={className} class={`strip-column ${className}`} d={path} />
            ))}
          </svg>
        )}
      </div>
    </section>
  );
}

const nameOf = ({ row: { turn_index, eou_latency } }: TurnDetail) =>
  `Turn ${turn_index}: ${eou_latency === null ? 'no wait' : showSeconds(eou_latency)}`;

const turnOf = (turns: readonly TurnDetail[], { target }: Event): TurnDetail | undefined =>
  target instanceof SVGElement ? turns[Number(target.dataset.place ?? Number.NaN)] : undefined;

/** Choosing a turn by its place: once for all of them, as a long call has hundreds. */
function pressing(turns: readonly TurnDetail[], onSelect: (turn: TurnDetail) => void) {
  const press = (event: Event) => {
    const turn = turnOf(turns, event);
    if (turn !== undefined) onSelect(turn);
  };
  return {
    onClick: press,
    onKeyDown: (event: KeyboardEvent) => {
      if (event.key !== 'Enter' && event.key !== ' ') return;
      event.preventDefault();
      press(event);
    },
  };
}

const gapOf = (step: number) => (step > 12 ? Math.min(8, step * 0.2) : 1);
const lengthOf = ({ segments }: TurnDetail) =>
  SEGMENTS.reduce((sum, segment) => sum + (segments[segment] ?? 0), 0);

/** The columns of all turns: each segment of each in its place, and all of one colour as one shape. */
function columns(turns: readonly TurnDetail[], step: number, y: (seconds: number) => number) {
  const boxes = new BoxesByClass();
  const gap = gapOf(step);
  const wide = Math.max(1, step - gap);
  for (const [i, { row, segments }] of turns.entries()) {
    const x = LEFT + i * step + gap / 2;
    if (row.eou_latency === null) boxes.of('no-silence').add(x, y(0) - 2, wide, 2);
    let seconds = 0;
    for (const segment of SEGMENTS) {
      const from = seconds;
      seconds += segments[segment] ?? 0;
      if (seconds > from)
        boxes.of(`fill-${segment}`).add(x, y(seconds), wide, Math.max(0.5, y(from) - y(seconds)));
    }
  }
  return boxes.all;
}

interface PlaceProps {
  turn: TurnDetail;
  place: number;
  x: number;
  step: number;
  /** Where the words above its column stand. */
  figureY: number;
  isSelected: boolean;
  isOver: boolean;
  /** There is room for its number. */
  isNumbered: boolean;
}

/** What is pressed to choose a turn, behind its column. */
function Place({ turn, place, x, step, figureY, isSelected, isOver, isNumbered }: PlaceProps) {
  const { row } = turn;
  const chosen = isSelected ? 'is-selected' : '';
  return (
    <>
      <rect
        class={`strip-turn ${chosen}`}
        x={x}
        y={0}
        width={step}
        height={HEIGHT}
        rx={4}
        role="button"
        // As SVG spells it.
        tabindex={0}
        aria-label={nameOf(turn)}
        aria-pressed={isSelected}
        data-place={place}
      />
      {step >= 42 && row.eou_latency !== null && (
        <text
          aria-hidden="true"
          class={`strip-figure ${isOver ? 'is-over' : ''} ${chosen}`}
          x={x + step / 2}
          y={figureY}
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
    </>
  );
}
