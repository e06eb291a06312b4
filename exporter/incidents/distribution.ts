import { groupBy } from '../../model/group-by.ts';
import { type Distribution, INCIDENT_BINS, type WatchedTurn } from '../../model/incidents.ts';
import { type ModelNames, ownedSilence, ownerOf } from '../../model/owners.ts';
import { SEGMENTS } from '../../model/vocabulary.ts';
import type { Observation } from './observations.ts';

/**
 * What turns come to.
 *
 * @param like - turns with the agents that are meant: those of an agent count so often that each has its share of these.
 *   (Default: as they are.)
 */
export function distributionOf(
  observations: readonly Observation[],
  budget: number,
  like: readonly Observation[] = observations,
): Distribution {
  const weighted = weightsOf(observations, like);
  const counts = new Array<number>(INCIDENT_BINS.length + 1).fill(0);
  for (const { seconds } of observations) {
    const bin = INCIDENT_BINS.findIndex((end) => seconds <= end);
    const at = bin < 0 ? INCIDENT_BINS.length : bin;
    counts[at] = (counts[at] ?? 0) + 1;
  }
  const silent = observations.filter(({ turn }) => turn.silence !== null);
  return {
    turns: observations.length,
    calls: new Set(observations.map(({ turn }) => turn.callId)).size,
    p50: weightedQuantile(weighted, 0.5),
    p95: weightedQuantile(weighted, 0.95),
    counts,
    overBudget: silent.filter(({ turn }) => (turn.silence ?? 0) > budget).length,
    silences: silent.length,
    spent: spentOf(silent),
  };
}

/** The p95 alone, as `distributionOf` has it. */
export const p95Of = (observations: readonly Observation[], like: readonly Observation[]): number =>
  weightedQuantile(weightsOf(observations, like), 0.95);

/** A value, and how often it counts. */
type Weighted = readonly [seconds: number, weight: number];

function weightsOf(observations: readonly Observation[], like: readonly Observation[]): Weighted[] {
  const agentOf = ({ turn }: Observation) => turn.agent;
  const wanted = groupBy(like, agentOf);
  return [...groupBy(observations, agentOf)].flatMap(([agent, own]) => {
    const weight = (wanted.get(agent)?.length ?? 0) / own.length;
    return weight === 0 ? [] : own.map(({ seconds }): Weighted => [seconds, weight]);
  });
}

/** Between the two values beside the place, as `percentile_cont`; each value is in the middle of its weight. NaN without values. */
export function weightedQuantile(values: readonly Weighted[], fraction: number): number {
  const ascending = [...values].sort(([a], [b]) => a - b);
  const total = ascending.reduce((sum, [, weight]) => sum + weight, 0);
  const first = ascending[0]?.[1] ?? 0;
  const last = ascending.at(-1)?.[1] ?? 0;
  const place = first / 2 + fraction * (total - first / 2 - last / 2);
  let [before, at] = [0, 0];
  let [below, middle] = [Number.NaN, 0];
  for (const [value, weight] of ascending) {
    at = before + weight / 2;
    if (at >= place - 1e-9 * total)
      return Number.isNaN(below) || at === middle
        ? value
        : below + ((value - below) * Math.max(0, place - middle)) / (at - middle);
    [below, middle, before] = [value, at, before + weight];
  }
  return below;
}

/** What the silences are spent on, by owner: seconds of a turn on average, the greatest first. */
function spentOf(silent: readonly Observation[]): Distribution['spent'] {
  // Turns of the same models are added up first: there are many turns, and few models.
  const byModels = groupBy(silent, ({ turn }) => JSON.stringify(modelNames(turn)));
  const parts = [...byModels].flatMap(([names, own]) =>
    SEGMENTS.map((segment, index) => ({
      ...ownerOf(segment, JSON.parse(names) as ModelNames),
      us: own.reduce((sum, { turn }) => sum + Math.round((turn.segments[index] ?? 0) * 1e6), 0),
    })),
  );
  return ownedSilence(parts).map(({ segment, kind, name, seconds }) => ({
    segment,
    kind,
    name,
    seconds: seconds / silent.length,
  }));
}

const modelNames = ({ models: { llm, tts } }: WatchedTurn): ModelNames => ({
  llm_provider: llm.provider,
  llm_model: llm.model,
  tts_provider: tts.provider,
  tts_model: tts.model,
});
