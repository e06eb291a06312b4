import { countWhile } from '../../model/count-while.ts';
import type { Micros } from '../../model/facts.ts';
import { groupBy } from '../../model/group-by.ts';
import type { Observation } from './observations.ts';

/** What is looked at, and how long things have to hold. Times in microseconds. */
export const RULE = {
  /** A look at the end of each, counted from 1970. */
  slice: 300_000_000,
  /** What is held against the hour before: the last two slices, and as many more as it takes to have enough turns. */
  leastLater: 600_000_000,
  mostLater: 3_600_000_000,
  /** The hour before ends so long before them: it must not have in it what has just begun, while that is not yet seen. */
  gap: 1_800_000_000,
  earlier: 3_600_000_000,
  /** Of an agent that has fewer turns in that hour so many, back to so long before. */
  earlierTurns: 40,
  mostEarlier: 14_400_000_000,
  /** The latest turns are so many at least; those of agents of which something is usual are, of these. */
  turns: 20,
  comparableTurns: 12,
  /** Of them slow, in so many calls. */
  slowCalls: 4,
  /** What is as likely as this by chance is chance. */
  chance: 1e-5,
  /** A p95 that is higher by less matters to no one: seconds, and a share of what it was. */
  mattersSeconds: 0.05,
  mattersShare: 0.2,
  /** Opens when it holds in so many looks, one after the other. */
  opensAfter: 2,
  /** Closes when it holds no more in so many looks: when no more than this share of the turns is slow. */
  closesAfter: 3,
  recoveredShare: 0.1,
  /** Closes after so long without enough turns to say, and after so long in any case. */
  quiet: 43_200_000_000,
  lasting: 86_400_000_000,
} as const;

/** How far back a look needs turns: what is before the latest hour, at the looks before. */
export const LOOKS_BACK: Micros =
  RULE.mostLater + RULE.gap + RULE.mostEarlier + RULE.slice * Math.max(RULE.opensAfter, RULE.closesAfter);

/** The end of the last slice that is over. */
export const lookAt = (now: Micros): Micros => Math.floor(now / RULE.slice) * RULE.slice;

/** What is held against what. */
export interface Windows {
  readonly later: readonly Observation[];
  /** From when on these are. */
  readonly from: Micros;
  /** Those of the hour before. */
  readonly earlier: readonly Observation[];
  readonly baseline: { readonly from: Micros; readonly until: Micros };
}

/**
 * What was known of an owner at an instant: the latest turns, enough of them to say something, and the hour before these.
 * Undefined: too few of the last hour.
 *
 * @param observations - in order of time
 */
export function windowsAt(observations: readonly Observation[], at: Micros): Windows | undefined {
  const known = knownBy(observations, at);
  let from = at - RULE.leastLater;
  const laterCount = (): number => known.length - countBefore(known, from);
  while (laterCount() < RULE.turns && from > at - RULE.mostLater) from -= RULE.slice;
  const later = between(known, from, at);
  if (later.length < RULE.turns) return undefined;
  const until = from - RULE.gap;
  const earlier = earlierOf(known, until);
  const first = earlier.reduce((least, { turn }) => Math.min(least, turn.at), until - RULE.earlier);
  return { later, from, earlier, baseline: { from: first, until } };
}

/** The turns of an hour; of an agent that has few in it the latest before that, too. */
function earlierOf(known: readonly Observation[], until: Micros): Observation[] {
  const all = between(known, until - RULE.mostEarlier, until);
  return [...groupBy(all, ({ turn }) => turn.agent).values()].flatMap((own) => {
    const ofHour = between(own, until - RULE.earlier, until);
    return ofHour.length >= RULE.earlierTurns ? ofHour : own.slice(-RULE.earlierTurns);
  });
}

/** What was known at an instant: turns of calls that were over. In order of time, as what is given. */
export const knownBy = (observations: readonly Observation[], at: Micros): Observation[] =>
  observations.filter(({ turn }) => turn.at < at && turn.knownAt <= at);

/** Those that began from one instant on and before another; all are in order of time. */
export const between = (observations: readonly Observation[], from: Micros, until: Micros): Observation[] =>
  observations.slice(countBefore(observations, from), countBefore(observations, until));

const countBefore = (observations: readonly Observation[], at: Micros): number =>
  countWhile(observations.length, (index) => (observations[index]?.turn.at ?? at) < at);
