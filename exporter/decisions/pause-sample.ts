import type { Micros } from '../../model/facts.ts';
import { quantileOf } from '../statistics/quantile.ts';
import { type Observation, Survival } from '../statistics/survival.ts';
import { type Commit, medianDelay } from './delay.ts';
import type { EndpointingCall } from './endpointing-call.ts';
import { LONGEST_PAUSE_US, type UserSilence } from './user-silences.ts';

/** Pauses are told apart to within so much. */
export const STEP_US = 10_000;
const STEPS = LONGEST_PAUSE_US / STEP_US;
/** So many silences have to be watched at a length for it to count as seen, and such a share of all of them. */
const FEWEST = 30;
const LEAST_SHARE = 0.1;

/** The last step that is not after it. */
const before = (us: Micros): number => Math.floor(us / STEP_US);
/** The first step that is not before it. */
const after = (us: Micros): number => Math.ceil(us / STEP_US);

/** How users pause and how long agents wait, in some calls. */
export class PauseSample {
  readonly calls: readonly EndpointingCall[];
  readonly commits: readonly Commit[];
  /** Each that differs from the others, once: most agents have one delay. */
  readonly commitKinds: readonly Commit[];
  /** The delay that was measured: the median. */
  readonly delay: Micros;
  /** Pauses before a commit that the journal has. */
  readonly pauses: number;
  /** Pauses of this length and longer are seen, up to the other one. */
  readonly seenFrom: Micros;
  readonly seenUntil: Micros;
  /** Of each call. */
  readonly #observations: readonly (readonly Observation[])[];
  /** Of each call: the kinds of its commits. */
  readonly #kinds: readonly Uint32Array[];

  /** @param calls - in order of time */
  constructor(calls: readonly EndpointingCall[]) {
    this.calls = calls;
    const silences = calls.flatMap((call) => call.silences);
    this.commits = silences.flatMap(({ commit }) => commit ?? []);
    const keyOf = ({ committed, transcribed }: Commit): string => `${committed} ${transcribed}`;
    const kinds = new Map(this.commits.map((commit) => [keyOf(commit), commit]));
    const indexes = new Map([...kinds.keys()].map((key, index) => [key, index]));
    this.commitKinds = [...kinds.values()];
    this.#kinds = calls.map(({ silences }) =>
      Uint32Array.from(silences.flatMap(({ commit }) => (commit ? (indexes.get(keyOf(commit)) ?? []) : []))),
    );
    this.delay = medianDelay(this.commits);
    this.#observations = observationsOf(calls);
    this.pauses = silences.filter(({ commit }) => commit === undefined).length;
    const watched = this.#survival().watched();
    const most = watched.reduce((greatest, count) => Math.max(greatest, count), 0);
    const isSeen = (count: number): boolean => count >= FEWEST && count >= LEAST_SHARE * most;
    // What is watched after a step was watched longer than it.
    this.seenFrom = Math.max(0, watched.findIndex(isSeen) - 1) * STEP_US;
    this.seenUntil = Math.max(0, watched.findLastIndex(isSeen)) * STEP_US;
  }

  /**
   * Of what lasts longer than `seenFrom`, the share that lasts longer than each step of 10 ms.
   *
   * @param drawn - indexes of calls, with repetitions. (Default: each once.)
   */
  curve(drawn?: readonly number[]): Float64Array {
    return this.#survival(drawn).curve(before(this.seenFrom));
  }

  /**
   * How many commits of each kind there are.
   *
   * @param drawn - indexes of calls, with repetitions
   */
  commitCounts(drawn: readonly number[]): Uint32Array {
    const counts = new Uint32Array(this.commitKinds.length);
    for (const call of drawn)
      for (const kind of this.#kinds[call] ?? []) counts[kind] = (counts[kind] as number) + 1;
    return counts;
  }

  #survival(drawn: readonly number[] = this.calls.map((_, index) => index)): Survival {
    const survival = new Survival(STEPS);
    for (const index of drawn)
      for (const observation of this.#observations[index] ?? []) survival.add(observation);
    return survival;
  }
}

/**
 * The silences of each call, in steps. From the first call that has one on, pauses are taken to be recorded, from the length of
 * the shortest on; before, a silence is seen where something was committed in it.
 */
function observationsOf(calls: readonly EndpointingCall[]): Observation[][] {
  const isPause = ({ commit }: UserSilence): boolean => commit === undefined;
  const shortest = calls
    .flatMap(({ silences }) => silences.filter(isPause))
    .reduce((least, { length }) => Math.min(least, length), Number.POSITIVE_INFINITY);
  const first = calls.findIndex(({ silences }) => silences.some(isPause));
  return calls.map(({ silences }, index) =>
    silences.map(({ length, spokenOn, commit }) => {
      const committed = before(commit?.committed ?? Number.POSITIVE_INFINITY);
      const isRecorded = first >= 0 && index >= first;
      return {
        from: Math.max(0, isRecorded ? Math.min(after(shortest) - 1, committed) : committed),
        until: spokenOn ? after(length) : before(length),
        ended: spokenOn,
      };
    }),
  );
}

/** The delay of this share of commits is at most this. */
export const delayQuantile = (commits: readonly Commit[], share: number): Micros =>
  Math.round(
    quantileOf(
      commits.map(({ committed }) => committed),
      share,
    ),
  );
