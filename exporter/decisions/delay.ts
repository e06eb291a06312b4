import type { Micros } from '../../model/facts.ts';
import { quantileOf } from '../statistics/quantile.ts';

/** When a turn was committed, after the end of its utterance. */
export interface Commit {
  readonly committed: Micros;
  /** When its final transcript was there. Absent: not before the commit, or not known. */
  readonly transcribed?: Micros | undefined;
}

/** Another delay after which a turn is committed. */
export interface DelayChange {
  /** By so much it is longer; negative: shorter. */
  readonly shift: Micros;
  /** What it would be then. A turn that was committed sooner than that was not committed by the delay. */
  readonly to: Micros;
  /** Turns also wait for their transcripts, which come when they come. */
  readonly waitsForTranscript: boolean;
}

/** When a turn is committed with another delay. */
export function delayAfter(
  { shift, to, waitsForTranscript }: DelayChange,
  { committed, transcribed = 0 }: Commit,
): Micros {
  const byDelay = Math.max(committed + shift, Math.min(committed, to), 0);
  return waitsForTranscript ? Math.max(byDelay, transcribed) : byDelay;
}

/** A transcript so near to the commit came because of it. */
const TOGETHER_US = 20_000;

/**
 * How a delay that is measured would change to another one.
 *
 * @param commits - one at least
 * @param from - what the delay is set to. (Default: the median of what was measured.)
 */
export function delayChange(
  commits: readonly Commit[],
  to: Micros,
  from = medianDelay(commits),
): DelayChange {
  // Recognisers that are given the delay send the final transcript when it is over, and no sooner.
  const apart = commits.filter(
    ({ committed, transcribed }) => transcribed !== undefined && committed - transcribed > TOGETHER_US,
  );
  return { shift: to - from, to, waitsForTranscript: apart.length > commits.length / 2 };
}

/** The median of the delays that were measured. */
export const medianDelay = (commits: readonly Commit[]): Micros =>
  Math.round(
    quantileOf(
      commits.map(({ committed }) => committed),
      0.5,
    ),
  );
