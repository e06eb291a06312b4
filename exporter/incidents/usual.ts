import { groupBy } from '../../model/group-by.ts';
import type { Usual } from '../../model/incidents.ts';
import { type Exceedances, exceedanceProbability, rankExceededBy } from './exceedance.ts';
import type { Observation } from './observations.ts';

/** One turn in twenty is slower than what is usual. */
const USUAL_SHARE = 0.05;

/**
 * What is usual, by agent: the p95 of the hour before. Agents are held apart because they differ (longer prompts, longer
 * answers): where one has more calls than before, nothing has become slower. An agent of which too little is known is left out.
 */
export function usualOf(earlier: readonly Observation[]): Usual[] {
  const byAgent = groupBy(earlier, ({ turn }) => turn.agent);
  return [...byAgent].flatMap(([agent, own]) => {
    const rank = rankExceededBy(USUAL_SHARE, own.length);
    if (rank === 0) return [];
    const ascending = Float64Array.from(own, ({ seconds }) => seconds).sort();
    return [{ agent, turns: own.length, rank, seconds: ascending[rank - 1] ?? Number.NaN }];
  });
}

/** The turns of agents of which something is known to be usual. */
export const comparable = (observations: readonly Observation[], usual: readonly Usual[]): Observation[] =>
  observations.filter(({ turn }) => usual.some(({ agent }) => agent === turn.agent));

/** Whether a turn took longer than is usual for its agent. */
export const isSlow = ({ turn, seconds }: Observation, usual: readonly Usual[]): boolean =>
  seconds > (usual.find(({ agent }) => agent === turn.agent)?.seconds ?? Number.POSITIVE_INFINITY);

/** The share of turns that are slower than usual; some one in twenty where nothing has changed. */
export const slowShare = (later: readonly Observation[], usual: readonly Usual[]): number =>
  later.filter((each) => isSlow(each, usual)).length / later.length;

/**
 * How likely so many slow turns are where nothing has changed. It must not hang on one call, whose turns resemble one another:
 * the one that has most of the slow ones is left out.
 */
export function chanceOf(later: readonly Observation[], usual: readonly Usual[]): number {
  const slow = later.filter((each) => isSlow(each, usual));
  const byCall = groupBy(slow, ({ turn }) => turn.callId);
  const [worst] = [...byCall].sort(([, a], [, b]) => b.length - a.length)[0] ?? [];
  const rest = later.filter(({ turn }) => turn.callId !== worst);
  const samples = usual.map(({ agent, turns, rank }): Exceedances => {
    const own = rest.filter(({ turn }) => turn.agent === agent);
    return {
      earlier: turns,
      rank,
      later: own.length,
      exceeding: own.filter((each) => isSlow(each, usual)).length,
    };
  });
  return exceedanceProbability(samples);
}
