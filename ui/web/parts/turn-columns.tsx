import { SEGMENTS } from '../../../model/vocabulary.ts';
import type { ListedTurn } from '../../shared/api.ts';
import { showSeconds } from '../../shared/format.ts';

interface Props {
  turns: readonly ListedTurn[];
  /** Seconds at the full height: one scale for all that are compared. */
  top: number;
  target: number;
  width: number;
  height: number;
}

/** Turns further right than this share one column's width. */
const WIDEST = 11;

/** The silence of each turn of a call as a small column, in the colours of what it was made of, and the target as a line. */
export function TurnColumns({ turns, top, target, width, height }: Props) {
  if (turns.length === 0) return <span class="dim">–</span>;
  const step = Math.min(WIDEST, width / turns.length);
  const y = (seconds: number) => Math.min(height, (seconds / top) * height);
  return (
    <svg class="turn-columns" width={width} height={height} role="img" aria-label={spoken(turns)}>
      {turns.map((turn, i) => {
        const x = i * step;
        const wide = Math.max(1, step - 1.5);
        if (turn.eou_latency === null)
          return (
            <rect key={turn.turn_index} class="no-silence" x={x} y={height - 1.5} width={wide} height={1.5} />
          );
        let bottom = height;
        return SEGMENTS.map((segment, s) => {
          const tall = y(turn.segments[s] ?? 0);
          bottom -= tall;
          // What is longer than the scale is cut at its top.
          const from = Math.max(0, bottom);
          const visible = bottom + tall - from;
          return visible <= 0 ? null : (
            <rect key={segment} class={`fill-${segment}`} x={x} y={from} width={wide} height={visible} />
          );
        });
      })}
      <line
        class="target"
        x1={0}
        x2={Math.max(step * turns.length, 24)}
        y1={height - y(target)}
        y2={height - y(target)}
      />
    </svg>
  );
}

const spoken = (turns: readonly ListedTurn[]) =>
  `Silence by turn: ${turns.map(({ eou_latency }) => showSeconds(eou_latency)).join(', ')}`;
