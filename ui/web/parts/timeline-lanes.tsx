import { useMemo, useState } from 'preact/hooks';
import { SEGMENTS } from '../../../model/vocabulary.ts';
import type { Bar, TurnDetail } from '../../shared/api.ts';
import { showCountOf, showSeconds } from '../../shared/format.ts';
import { extentOf, overlapsOf, ticksOf, tickText } from '../../shared/timeline.ts';
import type { Span } from '../../shared/waterfall.ts';
import { BoxesByClass } from './boxes.ts';
import { Moments } from './timeline-moments.tsx';
import { AGENT_Y, LANE, LEFT, MOMENTS, SILENCE, SILENCE_Y, TOOL, TOOLS_Y, USER_Y } from './timeline-sizes.ts';

interface Props {
  turns: readonly TurnDetail[];
  view: Span;
  width: number;
  selected: TurnDetail | undefined;
  onSelect(turn: TurnDetail): void;
  isLive: boolean;
}

/** The lanes of a timeline in a view: only what is in it is drawn, and all of one colour as one shape. */
export function TimelineLanes({ turns, view, width, selected, onSelect, isLive }: Props) {
  const [hovered, setHovered] = useState<TurnDetail>();
  const laid = useMemo(() => layOut(turns), [turns]);
  const perSecond = (width - LEFT) / (view.end - view.start);
  const x = (at: number) => LEFT + (at - view.start) * perSecond;
  const isSeen = ({ start, end }: Span) => end >= view.start && start <= view.end;
  const seen = laid.turns.filter(({ extent }) => isSeen(extent));
  const tools = laid.tools.filter(isSeen);
  const moments = seen.flatMap(({ turn }) => turn.interruptions);
  // What happened stands above all, where something did in the call.
  const top = laid.hasMoments ? MOMENTS : 0;
  const bottom = laid.tools.length > 0 ? TOOLS_Y + TOOL + 4 : AGENT_Y + LANE + 4;
  const ticks = ticksOf(view, Math.max(2, width / 110));
  const step = (ticks[1] ?? 1) - (ticks[0] ?? 0);
  const turnAt = ({ clientX, currentTarget }: { clientX: number; currentTarget: SVGSVGElement }) => {
    const at = view.start + (clientX - currentTarget.getBoundingClientRect().left - LEFT) / perSecond;
    const room = 5 / perSecond;
    // The last one that began: where one is talked into, the other goes on beneath it.
    return seen.findLast(({ extent }) => at >= extent.start - room && at <= extent.end + room)?.turn;
  };
  return (
    // By the keyboard turns are chosen in the strip above, and by the arrows.
    // biome-ignore lint/a11y/useKeyWithClickEvents: as said
    <svg
      class={hovered === undefined ? 'lanes' : 'lanes is-over-turn'}
      width={width}
      height={top + bottom + 20}
      role="img"
      aria-label={`${showCountOf(turns.length, 'turn')} on a timeline`}
      onPointerMove={(event) => setHovered(turnAt(event))}
      onPointerLeave={() => setHovered(undefined)}
      onClick={(event) => {
        const turn = turnAt(event);
        if (turn !== undefined) onSelect(turn);
      }}
    >
      {hovered && <title>{titleOf(hovered)}</title>}
      <defs>
        <clipPath id="lanes">
          <rect x={LEFT} y={-MOMENTS} width={Math.max(0, width - LEFT)} height={MOMENTS + bottom + 20} />
        </clipPath>
      </defs>
      <g transform={`translate(0 ${top})`}>
        {ticks.map((tick) => (
          <text
            key={tick}
            class="axis"
            x={x(tick)}
            y={bottom + 14}
            text-anchor={x(tick) > width - 16 ? 'end' : 'middle'}
          >
            {tickText(tick, step)}
          </text>
        ))}
        <g clip-path="url(#lanes)">
          {ticks.map((tick) => (
            <line key={tick} class="grid" x1={x(tick)} x2={x(tick)} y1={16} y2={bottom} />
          ))}
          {seen.map(({ turn, extent }) => (
            <TurnBack
              key={turn.row.turn_index}
              turn={turn}
              left={x(extent.start) - 5}
              right={x(extent.end) + 5}
              bottom={bottom}
              isSelected={turn === selected}
              isHovered={turn === hovered}
            />
          ))}
          {speechBoxes(
            seen.map(({ turn }) => turn),
            x,
          ).map(([className, path]) => (
            <path key={className} class={className} d={path} />
          ))}
          {laid.overlaps.filter(isSeen).map(({ start, end }) => (
            <rect
              key={start}
              class="overlap"
              x={x(start)}
              y={USER_Y - 3}
              width={Math.max(2, x(end) - x(start))}
              height={AGENT_Y + LANE - USER_Y + 6}
            />
          ))}
          <Moments moments={moments} x={x} width={width} />
          {tools.map((bar) => (
            <rect
              key={`${bar.kind} ${bar.start}`}
              class={bar.error_type === undefined ? 'fill-tools' : 'fill-error'}
              x={x(bar.start)}
              y={TOOLS_Y}
              width={Math.max(2, (bar.end - bar.start) * perSecond)}
              height={TOOL}
              rx={2}
            >
              <title>{`${bar.kind} ${bar.tool ?? bar.model ?? ''} ${bar.error_type ?? ''} ${showSeconds(bar.end - bar.start)}`}</title>
            </rect>
          ))}
          {isLive && <line class="now" x1={x(view.end) - 1} x2={x(view.end) - 1} y1={16} y2={bottom} />}
        </g>
        <text class="lane" x={0} y={USER_Y + LANE / 2 + 4}>
          caller
        </text>
        <text class="lane" x={0} y={SILENCE_Y + SILENCE / 2 + 4}>
          silence
        </text>
        <text class="lane" x={0} y={AGENT_Y + LANE / 2 + 4}>
          agent
        </text>
        {laid.tools.length > 0 && (
          <text class="lane" x={0} y={TOOLS_Y + TOOL}>
            tools
          </text>
        )}
      </g>
    </svg>
  );
}

/** What no view changes, worked out once. */
function layOut(turns: readonly TurnDetail[]) {
  const tools: Bar[] = turns.flatMap(({ bars }) =>
    bars.filter(({ kind, error_type }) => kind === 'tool' || error_type !== undefined),
  );
  return {
    turns: turns.map((turn) => ({ turn, extent: extentOf(turn) })),
    tools,
    overlaps: overlapsOf(
      turns.flatMap(({ speech }) => speech),
      turns.flatMap(({ heard }) => heard),
    ),
    hasMoments: turns.some(({ interruptions }) => interruptions.length > 0),
  };
}

const titleOf = ({ row: { turn_index, eou_latency } }: TurnDetail) =>
  `Turn ${turn_index}: ${eou_latency === null ? 'no wait' : `${showSeconds(eou_latency)} of silence`}`;

interface TurnBackProps {
  turn: TurnDetail;
  left: number;
  right: number;
  bottom: number;
  isSelected: boolean;
  isHovered: boolean;
}

/** Beneath what is said: the number of a turn, and which one is meant. */
function TurnBack({ turn, left, right, bottom, isSelected, isHovered }: TurnBackProps) {
  const wide = Math.max(4, right - left);
  const hasBack = isSelected || isHovered;
  const hasNumber = wide > 22;
  if (!hasBack && !hasNumber) return null;
  return (
    <g class={`timeline-turn ${isSelected ? 'is-selected' : ''}`}>
      {hasBack && <rect class="turn-back" x={left} y={16} width={wide} height={bottom - 14} rx={7} />}
      {hasNumber && (
        <text class="axis" x={left + 7} y={12}>
          {turn.row.turn_index}
        </text>
      )}
    </g>
  );
}

/** Who spoke, and each silence in the colours of what it was made of. */
function speechBoxes(turns: readonly TurnDetail[], x: (at: number) => number) {
  const boxes = new BoxesByClass();
  const lay = (
    className: string,
    { start, end }: Span,
    y: number,
    height: number,
    least: number,
    radius = 0,
  ) => boxes.of(className).add(x(start), y, Math.max(least, x(end) - x(start)), height, radius);
  for (const { speech, heard, silence, segments } of turns) {
    for (const span of speech) lay('fill-user', span, USER_Y, LANE, 1.5, 4);
    for (const span of heard)
      lay(span.estimated ? 'fill-agent is-estimated' : 'fill-agent', span, AGENT_Y, LANE, 1.5, 4);
    let at = silence?.start ?? 0;
    for (const segment of silence === undefined ? [] : SEGMENTS) {
      const end = at + (segments[segment] ?? 0);
      const className = `fill-${segment}${silence?.placed ? '' : ' is-estimated'}`;
      if (end > at) lay(className, { start: at, end }, SILENCE_Y, SILENCE, 1);
      at = end;
    }
  }
  return boxes.all;
}
