import type { ReplayedTurn } from '../../exporter/replay/compare.ts';

/** What silence is held against, in seconds. */
export interface SilenceLimits {
  /** None may be longer. */
  readonly maxSilence: number | undefined;
  /** None may be longer than it was by more than that. */
  readonly within: number | undefined;
}

/** The verdict on one turn. */
export interface TurnVerdict {
  readonly turn: number;
  readonly limit: 'max_silence' | 'within' | 'replayed';
  readonly status: 'holds' | 'broken' | 'unknown';
  /** The most that it may be. Seconds; null: not known. */
  readonly most: number | null;
  readonly silence: number | null;
}

/** Judges each turn. One that was answered in the saved call and whose silence in the replay is not known cannot be. Pure. */
export function judgeTurns(turns: readonly ReplayedTurn[], limits: SilenceLimits): TurnVerdict[] {
  return turns.flatMap(({ turn, saved, replayed, replayedTurn }) => {
    const { silence } = replayed;
    const { maxSilence, within } = limits;
    if (silence === null) {
      // No one waited for an answer that never was there, then or now.
      if (saved.silence === null && replayedTurn !== null) return [];
      return [{ turn, limit: 'replayed' as const, status: 'unknown' as const, most: null, silence }];
    }
    const by = (limit: TurnVerdict['limit'], most: number): TurnVerdict => ({
      turn,
      limit,
      status: silence <= most ? 'holds' : 'broken',
      most,
      silence,
    });
    return [
      ...(maxSilence === undefined ? [] : [by('max_silence', maxSilence)]),
      ...(within === undefined
        ? []
        : saved.silence === null
          ? [{ turn, limit: 'within' as const, status: 'unknown' as const, most: null, silence }]
          : [by('within', saved.silence + within)]),
    ];
  });
}

/** As of earshot check: 1, a limit is broken; 2, none is, and something could not be judged. */
export function exitCodeOf(verdicts: readonly TurnVerdict[]): 0 | 1 | 2 {
  if (verdicts.some(({ status }) => status === 'broken')) return 1;
  return verdicts.some(({ status }) => status === 'unknown') ? 2 : 0;
}
