import { ownerName, ownerOf } from '../../../model/owners.ts';
import type { TurnDetail } from '../../shared/api.ts';
import { showSeconds, showShare } from '../../shared/format.ts';
import { partsOf, SEGMENT_WORDS } from '../../shared/insight.ts';
import { useWidth } from '../app/sizes.ts';

const HEIGHT = 34;
/** A label needs about so many pixels a character. */
const CHARACTER = 6.4;
const FIGURE_CHARACTER = 7.8;

/** The silence of a turn, cut where its marks are. */
export function SegmentBar({ turn }: { turn: TurnDetail }) {
  const [ref, width] = useWidth<HTMLDivElement>();
  const parts = partsOf(turn.segments).filter(({ seconds }) => seconds > 0);
  const whole = parts.reduce((sum, { seconds }) => sum + seconds, 0);
  let x = 0;
  return (
    <div ref={ref} class="segment-bar">
      {width > 0 && whole > 0 && (
        <svg width={width} height={HEIGHT + 20} role="group" aria-label="What the silence was made of">
          {parts.map(({ segment, seconds, share }) => {
            const wide = (seconds / whole) * width;
            const from = x;
            x += wide;
            const figure = showSeconds(seconds);
            const owner = ownerName(ownerOf(segment, turn.row));
            const what = `${segment}: ${figure}, ${showShare(share)}. ${SEGMENT_WORDS[segment]} · ${owner}`;
            return (
              <g key={segment} role="img" aria-label={what}>
                <title>{what}</title>
                <rect
                  class={`fill-${segment}`}
                  x={from}
                  width={Math.max(1, wide - 2)}
                  height={HEIGHT}
                  rx={Math.min(5, wide / 2)}
                />
                {wide > figure.length * FIGURE_CHARACTER + 6 && (
                  <text class="on-colour" x={from + wide / 2 - 1} y={HEIGHT / 2 + 4.5} text-anchor="middle">
                    {figure}
                  </text>
                )}
                {wide > segment.length * CHARACTER && (
                  <text class="axis" x={from + wide / 2 - 1} y={HEIGHT + 15} text-anchor="middle">
                    {segment}
                  </text>
                )}
              </g>
            );
          })}
        </svg>
      )}
    </div>
  );
}
