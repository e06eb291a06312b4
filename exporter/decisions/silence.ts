import type { Micros } from '../../model/facts.ts';
import { type BootstrapOptions, bootstrapping, type Estimate } from '../statistics/bootstrap.ts';
import { expandedLevel } from '../statistics/few-clusters.ts';
import { quantileAmong } from '../statistics/quantile.ts';
import type { Random } from '../statistics/random.ts';
import { SILENCE_FIGURES, type SilenceFigure } from './answers.ts';
import { type DelayChange, delayAfter } from './delay.ts';
import type { Measured } from './measured.ts';
import { type Change, heldBack, silenceAfter } from './schedule.ts';
import type { Request, TurnCase } from './turn-cases.ts';

/** What would be different in every turn. */
export interface Plan {
  /** How fast the other language model is. */
  readonly llm?: Measured | undefined;
  /** How fast the other voice is. */
  readonly tts?: Measured | undefined;
  /** When a turn would be committed. */
  readonly delay?: DelayChange | undefined;
}

/** A call with those of its turns whose silence is known. */
export interface CallCase {
  /** As measurements name it. */
  readonly call: string;
  readonly turns: readonly TurnCase[];
}

/** Seconds. */
export interface Prediction {
  readonly before: Estimate;
  readonly after: Estimate;
  readonly change: Estimate;
}

/** The plan changes something in the turn. */
export const isChanged = ({ request, isSynthesised, schedule }: TurnCase, plan: Plan): boolean =>
  (plan.llm !== undefined && request !== undefined) ||
  (plan.tts !== undefined && isSynthesised) ||
  (plan.delay !== undefined && schedule.committed !== undefined);

/** How often an interval holds the figure. */
const LEVEL = 0.9;
/** Draws of each turn for the prediction itself, so that it hardly depends on the seed. */
const DRAWS = 10;
const MOST_DRAWN = 200_000;

/**
 * The silence of calls before and after a plan. Each turn keeps its marks, but for what the plan changes: that is drawn from
 * what was measured (nearest neighbours by length of prompt: hot-deck imputation). Intervals are those of a bootstrap by call, of
 * the calls and of the calls that were measured; those that are both are drawn once. In pieces: where other work is to go on in
 * between. Of few calls they are as wide as these need (`expandedLevel`).
 *
 * @param calls - the turns of each call; at least one turn in all
 */
export function* predictingSilence(
  calls: readonly CallCase[],
  plan: Plan,
  options?: BootstrapOptions,
): Generator<void, Record<SilenceFigure, Prediction>> {
  const turnCount = calls.reduce((sum, { turns }) => sum + turns.length, 0);
  const draws = Math.max(1, Math.min(DRAWS, Math.floor(MOST_DRAWN / turnCount)));
  const none = new Map(calls.map(({ call }) => [call, 0]));
  const held = calls.map(({ turns }) => turns.map(({ schedule }) => heldBack(schedule)));
  const figures = yield* bootstrapping(
    calls.length,
    (drawn, random, isSample) => {
      const used = isSample ? planOfSample(plan, calls, drawn, new Map(none), random) : plan;
      const times = isSample ? 1 : draws;
      const count = drawn.reduce((sum, index) => sum + (calls[index]?.turns.length ?? 0), 0);
      const [before, after] = [new Float64Array(count), new Float64Array(count * times)];
      let turns = 0;
      for (const index of drawn) {
        const own = calls[index]?.turns ?? [];
        for (let at = 0; at < own.length; at += 1) {
          const turn = own[at] as TurnCase;
          before[turns] = turn.schedule.playback / 1e6;
          for (let draw = 0; draw < times; draw += 1) {
            const change = changeOf(turn, used, random);
            after[turns * times + draw] = silenceAfter(turn.schedule, change, held[index]?.[at]) / 1e6;
          }
          turns += 1;
        }
      }
      const [was, is] = [figuresOf(before), figuresOf(after)];
      return Object.fromEntries(
        SILENCE_FIGURES.flatMap((name) => [
          [`before ${name}`, was[name]],
          [`after ${name}`, is[name]],
          [`change ${name}`, is[name] - was[name]],
        ]),
      ) as Record<`${keyof Prediction} ${SilenceFigure}`, number>;
    },
    { ...options, level: expandedLevel(options?.level ?? LEVEL, clustersOf(calls, plan)) },
  );
  const predictionOf = (name: SilenceFigure): Prediction => ({
    before: figures[`before ${name}`],
    after: figures[`after ${name}`],
    change: figures[`change ${name}`],
  });
  return { p50: predictionOf('p50'), p95: predictionOf('p95'), mean: predictionOf('mean') };
}

/** Calls that the prediction rests on: of those that are looked at, or of those that were measured, whichever are fewer. */
function clustersOf(calls: readonly CallCase[], { llm, tts }: Plan): number {
  const requests = calls.flatMap(({ turns }) => turns.flatMap(({ request }) => request ?? []));
  return Math.min(
    calls.length,
    llm?.callsNear(requests.map(({ inputTokens }) => inputTokens)) || Number.POSITIVE_INFINITY,
    tts?.callsNear([undefined]) || Number.POSITIVE_INFINITY,
  );
}

/**
 * The plan with measurements of a sample: of the calls that were drawn, and of others.
 *
 * @param counts - 0 of each call
 */
function planOfSample(
  plan: Plan,
  calls: readonly CallCase[],
  drawn: readonly number[],
  counts: Map<string, number>,
  random: Random,
): Plan {
  for (const index of drawn) {
    const call = calls[index]?.call ?? '';
    counts.set(call, (counts.get(call) ?? 0) + 1);
  }
  return { ...plan, llm: plan.llm?.resample(random, counts), tts: plan.tts?.resample(random, counts) };
}

/** What the plan changes in one turn, with what is drawn for it. */
function changeOf(
  { request, earlier, isSynthesised, schedule, transcribed }: TurnCase,
  { llm, tts, delay }: Plan,
  random: Random,
): Change {
  const change: { -readonly [Part in keyof Change]: Change[Part] } = {};
  if (delay && schedule.committed !== undefined)
    change.committed = delayAfter(delay, { committed: schedule.committed, transcribed });
  if (llm && request) {
    const drawn = llm.draw(request.inputTokens, random);
    change.llm = drawn.firstByte;
    change.aggregation = drawn.aggregation;
    change.preparation = earlier.reduce((sum, each) => sum + laterBy(each, llm, random), 0);
  }
  if (tts && isSynthesised) change.tts = tts.draw(undefined, random).firstByte;
  return change;
}

const laterBy = ({ inputTokens, firstByte }: Request, llm: Measured, random: Random): Micros =>
  llm.draw(inputTokens, random).firstByte - firstByte;

/** @param seconds - in any order, which is changed */
function figuresOf(seconds: Float64Array): Record<SilenceFigure, number> {
  let sum = 0;
  for (let index = 0; index < seconds.length; index += 1) sum += seconds[index] as number;
  return { p50: quantileAmong(seconds, 0.5), p95: quantileAmong(seconds, 0.95), mean: sum / seconds.length };
}
