import type { Micros } from '../../model/facts.ts';
import { type BootstrapOptions, bootstrappingList, type Estimate } from '../statistics/bootstrap.ts';
import { finished } from '../statistics/pieces.ts';
import { isSpread } from './answers.ts';
import { delayChange } from './delay.ts';
import { DelayPolicy } from './delay-policy.ts';
import type { EndpointingCall } from './endpointing-call.ts';
import { delayQuantile, PauseSample } from './pause-sample.ts';

/** What one delay would come to. Seconds. */
export interface FrontierPoint {
  readonly delay: number;
  /** The mean silence is so much shorter; negative: longer. */
  readonly saved: Estimate;
  /** Turns that are committed while the user only pauses, by turns. */
  readonly cutOffs: Estimate;
  /** So many more of them than now. */
  readonly more: Estimate;
  /** What it saves, less what the cut-offs cost: the greatest is best. */
  readonly gain: Estimate;
}

/** How long an agent should wait for its users to go on. */
export interface Endpointing {
  readonly turns: number;
  readonly calls: number;
  /** Pauses that are seen: those before a commit, and those in which one was made and the user spoke on before the answer. */
  readonly pauses: { readonly before: number; readonly committed: number; readonly overAnswer: number };
  /** Measured, in seconds: half of the commits came sooner, one in ten sooner than p10. */
  readonly delay: { readonly p10: number; readonly p50: number; readonly p90: number };
  /** Pauses of these lengths are seen, in seconds. What is longer is not known: the agent has spoken by then. */
  readonly seen: { readonly from: number; readonly until: number };
  readonly waitsForTranscript: boolean;
  readonly silence: number;
  readonly cutOffs: Estimate;
  readonly frontier: readonly FrontierPoint[];
  /** The best delay; absent where none is better than today's beyond doubt, and where today's are several. */
  readonly recommended?: FrontierPoint;
}

export interface EndpointingOptions extends BootstrapOptions {
  /** One cut-off is as bad as so many seconds of silence. (Default: 5.) */
  readonly cutOffSeconds?: number;
  /** A delay that is looked at beside the others, in seconds. */
  readonly delay?: number | undefined;
  /** What the delay is set to now, in seconds. (Default: what was measured.) */
  readonly now?: number | undefined;
}

export const CUT_OFF_SECONDS = 5;

/** Delays are looked at in steps of so much. */
const GRID = 0.05;
const LONGEST = 2;
/** Fewer turns, or fewer calls, say little. */
const NEEDED_TURNS = 30;
const NEEDED_CALLS = 20;

/** Why nothing can be said of calls; undefined: something can. `when`: which calls they are, as ` before the change`. */
export function tooFew(calls: readonly EndpointingCall[], when = ''): string | undefined {
  const turns = turnCount(calls);
  if (turns < NEEDED_TURNS) return `too few turns${when}: ${turns}, needs ${NEEDED_TURNS}`;
  return calls.length < NEEDED_CALLS
    ? `too few calls${when}: ${calls.length}, needs ${NEEDED_CALLS}`
    : undefined;
}

/** Turns that can be looked at: those in which a commit and the silence are known. */
export const turnCount = (calls: readonly EndpointingCall[]): number =>
  calls.reduce((sum, { turns }) => sum + turns.length, 0);

/**
 * The frontier of delay against cut-offs, and the delay that is best where a cut-off is as bad as so many seconds of silence.
 *
 * How often users pause longer than a delay is estimated by Kaplan and Meier's method with delayed entry: a silence after which
 * the agent was heard says only that the user would have paused so long or longer. Intervals are of a bootstrap by call.
 *
 * @param given - at least one turn and one commit
 */
export const endpointing = (given: readonly EndpointingCall[], options?: EndpointingOptions): Endpointing =>
  finished(workingOutEndpointing(given, options));

/** The same in pieces: where other work is to go on in between. */
export function* workingOutEndpointing(
  given: readonly EndpointingCall[],
  options: EndpointingOptions = {},
): Generator<void, Endpointing> {
  const { cutOffSeconds = CUT_OFF_SECONDS, now } = options;
  const sample = new PauseSample(given.toSorted((a, b) => a.startUs - b.startUs));
  yield;
  const { calls, commits } = sample;
  const from = now === undefined ? sample.delay : now * 1e6;
  const delays = delaysOf(sample, from, options.delay);

  const today = new DelayPolicy(sample);
  const policies: DelayPolicy[] = [];
  for (const delay of delays) {
    policies.push(new DelayPolicy(sample, delayChange(commits, Math.round(delay * 1e6), from)));
    yield;
  }

  const figures = yield* bootstrappingList(
    calls.length,
    (drawn) => {
      const curve = sample.curve(drawn);
      const commitCounts = sample.commitCounts(drawn);
      const [silenceNow, cutOffsNow] = [
        today.meanSilence(drawn),
        today.cutOffs(commitCounts, curve, sample.seenUntil),
      ];
      const found = [cutOffsNow];
      for (const policy of policies) {
        const saved = silenceNow - policy.meanSilence(drawn);
        const cutOffs = policy.cutOffs(commitCounts, curve, sample.seenUntil);
        const more = cutOffs - cutOffsNow;
        found.push(saved, cutOffs, more, saved - cutOffSeconds * more);
      }
      return found;
    },
    options,
  );
  const turns = turnCount(calls);
  const cutOffsNow = atLeastUpTo(figures[0] as Estimate, 3 / turns);
  const frontier = delays.map((delay, index): FrontierPoint => {
    const own = figures.slice(1 + 4 * index, 5 + 4 * index);
    const [saved, cutOffs, more, gain] = own as [Estimate, Estimate, Estimate, Estimate];
    const missed = more.value === 0 ? 3 / turns : 0;
    return {
      delay,
      saved,
      cutOffs: atLeastUpTo(cutOffs, 3 / turns),
      more: saved.value > 0 ? atLeastUpTo(more, missed) : { ...more, low: Math.min(more.low, -missed) },
      gain: { ...gain, low: Math.min(gain.low, gain.value - (saved.value > 0 ? cutOffSeconds * missed : 0)) },
    };
  });
  const best = frontier.reduce<FrontierPoint | undefined>(
    (found, point) => (point.gain.value > (found?.gain.value ?? 0) ? point : found),
    undefined,
  );
  const committed = calls.flatMap(({ silences }) =>
    silences.filter(({ commit, spokenOn }) => commit !== undefined && spokenOn),
  );
  const delay = {
    p10: delayQuantile(commits, 0.1) / 1e6,
    p50: sample.delay / 1e6,
    p90: delayQuantile(commits, 0.9) / 1e6,
  };
  return {
    turns,
    calls: calls.length,
    pauses: {
      before: sample.pauses,
      committed: committed.length,
      overAnswer: calls.reduce((sum, { overAnswer }) => sum + overAnswer, 0),
    },
    delay,
    seen: { from: sample.seenFrom / 1e6, until: sample.seenUntil / 1e6 },
    waitsForTranscript: delayChange(commits, from, from).waitsForTranscript,
    silence: today.meanSilence(calls.map((_, index) => index)),
    cutOffs: cutOffsNow,
    frontier,
    ...(best !== undefined && best.gain.low > 0 && !isSpread(delay) && { recommended: best }),
  };
}

/** Of what was never seen in so many turns, three may have been missed (rule of three): no sample that is drawn shows it. */
const atLeastUpTo = (estimate: Estimate, bound: number): Estimate => ({
  ...estimate,
  high: Math.max(estimate.high, bound),
});

/** Delays whose cut-offs are seen, in seconds, ascending; what is asked for is one only where it is among them. */
function delaysOf(sample: PauseSample, from: Micros, asked: number | undefined): number[] {
  const { seenFrom, seenUntil, delay, commits } = sample;
  // The longest delays are longer by so much, and cut-offs after them are still to be seen.
  const most = seenUntil - (delayQuantile(commits, 0.9) - delay);
  const isSeen = (seconds: number): boolean => {
    const measured = seconds * 1e6 + delay - from;
    return seconds > 0 && measured >= seenFrom && measured < most;
  };
  const grid = Array.from({ length: Math.ceil(LONGEST / GRID) }, (_, index) => round((index + 1) * GRID));
  const delays = new Set([...grid, ...(asked === undefined ? [] : [asked])]);
  return [...delays].filter((each) => isSeen(each) && each * 1e6 !== from).sort((a, b) => a - b);
}

const round = (seconds: number): number => Math.round(seconds * 1_000) / 1_000;
