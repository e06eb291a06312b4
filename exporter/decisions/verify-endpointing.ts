import { type BootstrapOptions, bootstrapping, type Estimate } from '../statistics/bootstrap.ts';
import { finished } from '../statistics/pieces.ts';
import { delayChange } from './delay.ts';
import { DelayPolicy } from './delay-policy.ts';
import type { EndpointingCall } from './endpointing-call.ts';
import { PauseSample } from './pause-sample.ts';

/** A figure as the calls before a change predict it, and as it was after it. Seconds, or cut-offs by turns. */
export interface Verified {
  readonly before: number;
  readonly predicted: Estimate;
  readonly measured: Estimate;
  /** Measured less predicted. */
  readonly off: Estimate;
  /** Whether 0 is within the interval of `off`. Absent: nothing could be predicted. */
  readonly asPredicted?: boolean;
}

/** What became of a change of the delay. */
export interface Verification {
  readonly delay: { readonly before: number; readonly after: number };
  readonly silence: Verified;
  /** Cut-offs of pauses up to this length are counted, in seconds. */
  readonly seenUntil: number;
  readonly cutOffs: Verified;
}

/** Holds what calls before a change of the delay predict against the calls after it. Each side needs a turn and a commit. */
export const verifyEndpointing = (
  before: readonly EndpointingCall[],
  after: readonly EndpointingCall[],
  options?: BootstrapOptions,
): Verification => finished(verifyingEndpointing(before, after, options));

/** The same in pieces: where other work is to go on in between. */
export function* verifyingEndpointing(
  before: readonly EndpointingCall[],
  after: readonly EndpointingCall[],
  options?: BootstrapOptions,
): Generator<void, Verification> {
  const [was, is] = [before, after].map(
    (calls) => new PauseSample(calls.toSorted((a, b) => a.startUs - b.startUs)),
  ) as [PauseSample, PauseSample];
  const change = delayChange(was.commits, is.delay);
  const until = Math.min(was.seenUntil, is.seenUntil);
  // Of pauses that were not recorded before, no one knows how many there were.
  const isSeen = was.seenFrom <= is.delay;
  const [then, predictedOf, measuredOf] = [
    new DelayPolicy(was),
    new DelayPolicy(was, change),
    new DelayPolicy(is),
  ];
  const figures = yield* bootstrapping(
    was.calls.length,
    (drawn, random, isSample) => {
      // The calls after the change are drawn on their own.
      const drawnAfter = is.calls.map((_, index) => (isSample ? random.below(is.calls.length) : index));
      const predicted = {
        silence: predictedOf.meanSilence(drawn),
        cutOffs: isSeen ? predictedOf.cutOffs(was.commitCounts(drawn), was.curve(drawn), until) : Number.NaN,
      };
      const measured = {
        silence: measuredOf.meanSilence(drawnAfter),
        cutOffs: measuredOf.cutOffs(is.commitCounts(drawnAfter), is.curve(drawnAfter), until),
      };
      return {
        'predicted silence': predicted.silence,
        'measured silence': measured.silence,
        'off silence': measured.silence - predicted.silence,
        'predicted cutOffs': predicted.cutOffs,
        'measured cutOffs': measured.cutOffs,
        'off cutOffs': measured.cutOffs - predicted.cutOffs,
      };
    },
    options,
  );
  const all = was.calls.map((_, index) => index);
  const verified = (name: 'silence' | 'cutOffs', value: number): Verified => {
    const off = figures[`off ${name}`];
    return {
      before: value,
      predicted: figures[`predicted ${name}`],
      measured: figures[`measured ${name}`],
      off,
      ...(!Number.isNaN(off.value) && { asPredicted: off.low <= 0 && off.high >= 0 }),
    };
  };
  return {
    delay: { before: was.delay / 1e6, after: is.delay / 1e6 },
    silence: verified('silence', then.meanSilence(all)),
    seenUntil: until / 1e6,
    cutOffs: verified('cutOffs', then.cutOffs(was.commitCounts(all), was.curve(), until)),
  };
}
