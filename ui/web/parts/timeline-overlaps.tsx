import type { TurnDetail } from '../../shared/api.ts';
import { showSeconds, showWord } from '../../shared/format.ts';
import { overlapsOf } from '../../shared/timeline.ts';
import { AGENT_Y, LANE, LEFT, USER_Y } from './timeline-sizes.ts';

/** Where both spoke, and what that was. */
interface OverlapsProps {
  x(at: number): number;
  turns: readonly TurnDetail[];
  moments: TurnDetail['interruptions'];
  width: number;
}

export function Overlaps({ turns, moments, x, width }: OverlapsProps) {
  const overlaps = overlapsOf(
    turns.flatMap(({ speech }) => speech),
    turns.flatMap(({ heard }) => heard),
  );
  return (
    <>
      {overlaps.map(({ start, end }) => (
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
    </>
  );
}

/** Pixels that the words of a moment take. */
const MOMENT_WORDS = 190;

/** What happened when both spoke: in words where there is room for them, else as a mark. */
function Moments({ moments, x, width }: Omit<OverlapsProps, 'turns'>) {
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
