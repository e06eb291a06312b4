import type { TurnDetail } from '../../shared/api.ts';
import { showSeconds, showWord } from '../../shared/format.ts';
import { LEFT } from './timeline-sizes.ts';

interface MomentsProps {
  x(at: number): number;
  moments: TurnDetail['interruptions'];
  width: number;
}

/** Pixels that the words of a moment take. */
const MOMENT_WORDS = 190;

/** What happened when both spoke: in words where there is room for them, else as a mark. */
export function Moments({ moments, x, width }: MomentsProps) {
  // Half of the words beside where they belong; at the ends all of them on the side where there is room.
  const anchor = (at: number) => (x(at) < LEFT + 100 ? 'start' : x(at) > width - 100 ? 'end' : 'middle');
  let free = 0;
  return moments.map(({ kind, at, seconds }) => {
    const words = `${showWord(kind)}${seconds === undefined ? '' : `, silent after ${showSeconds(seconds)}`}`;
    if (x(at) - MOMENT_WORDS / 2 < free)
      return (
        <circle key={`${kind} ${at}`} class="moment-mark" cx={x(at)} cy={14} r={2.5}>
          <title>{words}</title>
        </circle>
      );
    free = x(at) + (anchor(at) === 'start' ? MOMENT_WORDS : MOMENT_WORDS / 2);
    return (
      <text key={`${kind} ${at}`} class="moment" x={x(at)} y={-4} text-anchor={anchor(at)}>
        {words}
      </text>
    );
  });
}
