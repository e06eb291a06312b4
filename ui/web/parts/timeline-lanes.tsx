import { SEGMENTS } from '../../../model/vocabulary.ts';
import type { Bar, TurnDetail } from '../../shared/api.ts';
import { showSeconds } from '../../shared/format.ts';
import { extentOf, ticksOf, tickText } from '../../shared/timeline.ts';
import type { Span } from '../../shared/waterfall.ts';
import { Overlaps } from './timeline-overlaps.tsx';
import { AGENT_Y, LANE, LEFT, MOMENTS, SILENCE, SILENCE_Y, TOOL, TOOLS_Y, USER_Y } from './timeline-sizes.ts';

interface Props {
  turns: readonly TurnDetail[];
  beside: readonly Bar[];
  view: Span;
  width: number;
  selected: TurnDetail | undefined;
  onSelect(turn: TurnDetail): void;
  isLive: boolean;
}

/** The lanes of a timeline in a view: only what is in it is drawn. */
export function TimelineLanes({ turns, view, width, selected, onSelect, isLive }: Props) {
  const perSecond = (width - LEFT) / (view.end - view.start);
  const x = (at: number) => LEFT + (at - view.start) * perSecond;
  const isSeen = ({ start, end }: Span) => end >= view.start && start <= view.end;
  const seen = turns.filter((turn) => isSeen(extentOf(turn)));
  const tools = seen.flatMap(({ bars }) =>
    bars.filter(({ kind, error_type }) => kind === 'tool' || error_type !== undefined),
  );
  const moments = seen.flatMap(({ interruptions }) => interruptions);
  // What happened stands above all, where something did.
  const top = moments.length > 0 ? MOMENTS : 0;
  const bottom = tools.length > 0 ? TOOLS_Y + TOOL + 4 : AGENT_Y + LANE + 4;
  const ticks = ticksOf(view, Math.max(2, width / 110));
  const step = (ticks[1] ?? 1) - (ticks[0] ?? 0);
  return (
    <svg
      width={width}
      height={top + bottom + 20}
      role="img"
      aria-label={`${turns.length} turns on a timeline`}
    >
      <defs>
        <clipPath id="lanes">
          <rect x={LEFT} y={-MOMENTS} width={Math.max(0, width - LEFT)} height={MOMENTS + bottom + 20} />
        </clipPath>
      </defs>
      <g transform={`translate(0 ${top})`}>
        <g clip-path="url(#lanes)">
          {ticks.map((tick) => (
            <g key={tick}>
              <line class="grid" x1={x(tick)} x2={x(tick)} y1={16} y2={bottom} />
              <text class="axis" x={x(tick)} y={bottom + 14} text-anchor="middle">
                {tickText(tick, step)}
              </text>
            </g>
          ))}
          {seen.map((turn) => (
            <TurnBack
              key={turn.row.turn_index}
              turn={turn}
              x={x}
              bottom={bottom}
              isSelected={turn === selected}
              onSelect={onSelect}
            />
          ))}
          {seen.map((turn) => (
            <TurnSpeech key={turn.row.turn_index} turn={turn} x={x} />
          ))}
          <Overlaps turns={seen} moments={moments} x={x} width={width} />
          {tools.map((bar) => (
            <rect
              key={`${bar.kind} ${bar.start}`}
              class={bar.error_type === undefined ? 'fill-tool' : 'fill-error'}
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
        {tools.length > 0 && (
          <text class="lane" x={0} y={TOOLS_Y + TOOL}>
            tools
          </text>
        )}
      </g>
    </svg>
  );
}

interface TurnProps {
  turn: TurnDetail;
  x(at: number): number;
  bottom: number;
  isSelected: boolean;
  onSelect(turn: TurnDetail): void;
}

/** What is pressed to choose a turn: it lies beneath all that is said, so that a turn that is talked into stays whole. */
function TurnBack({ turn, x, bottom, isSelected, onSelect }: TurnProps) {
  const extent = extentOf(turn);
  const { turn_index, eou_latency } = turn.row;
  const left = x(extent.start) - 5;
  const wide = Math.max(4, x(extent.end) + 5 - left);
  return (
    // By the keyboard turns are chosen in the strip above, and by the arrows.
    // biome-ignore lint/a11y/noStaticElementInteractions: as said
    <g class={`timeline-turn ${isSelected ? 'is-selected' : ''}`} onClick={() => onSelect(turn)}>
      <title>{`Turn ${turn_index}: ${eou_latency === null ? 'no wait' : `${showSeconds(eou_latency)} of silence`}`}</title>
      <rect class="turn-back" x={left} y={16} width={wide} height={bottom - 14} rx={7} />
      {wide > 22 && (
        <text class="axis" x={left + 7} y={12}>
          {turn_index}
        </text>
      )}
    </g>
  );
}

function TurnSpeech({ turn, x }: Pick<TurnProps, 'turn' | 'x'>) {
  const { speech, heard } = turn;
  const wide = ({ start, end }: Span) => Math.max(1.5, x(end) - x(start));
  return (
    <g class="turn-speech">
      {speech.map((span) => (
        <rect
          key={span.start}
          class="fill-user"
          x={x(span.start)}
          y={USER_Y}
          width={wide(span)}
          height={LANE}
          rx={4}
        />
      ))}
      {heard.map((span) => (
        <rect
          key={span.start}
          class={`fill-agent ${span.estimated ? 'is-estimated' : ''}`}
          x={x(span.start)}
          y={AGENT_Y}
          width={wide(span)}
          height={LANE}
          rx={4}
        />
      ))}
      <Silence turn={turn} x={x} />
    </g>
  );
}

/** The silence in the colours of what it was made of. */
function Silence({ turn: { silence, segments }, x }: { turn: TurnDetail; x(at: number): number }) {
  if (silence === undefined) return null;
  let at = silence.start;
  return (
    <g class={silence.placed ? '' : 'is-estimated'}>
      {SEGMENTS.map((segment) => {
        const seconds = segments[segment] ?? 0;
        if (seconds === 0) return null;
        const from = at;
        at += seconds;
        return (
          <rect
            key={segment}
            class={`fill-${segment}`}
            x={x(from)}
            y={SILENCE_Y}
            width={Math.max(1, x(at) - x(from))}
            height={SILENCE}
          />
        );
      })}
    </g>
  );
}
