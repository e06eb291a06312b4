import type { TwoSamplesOptions } from '../statistics/two-samples.ts';
import type { CallSamples } from '../store/views/index.ts';
import { comparingCalls, type FigureDifference } from './compare.ts';
import { caution, verdictInWords } from './words.ts';

/** What two selections of calls come to beside each other. */
export interface Comparison {
  readonly figures: FigureDifference[];
  /** In a sentence. */
  readonly verdict: string;
  /** What to keep in mind. */
  readonly notes: string[];
}

/** Compares two selections, in pieces: where other work is to go on in between. Pure. */
export function* comparingSelections(
  a: CallSamples,
  b: CallSamples,
  options?: TwoSamplesOptions,
): Generator<void, Comparison> {
  const figures = yield* comparingCalls(a.samples, b.samples, options);
  const shared = sharedCalls(a, b);
  return {
    figures,
    verdict: verdictInWords(figures),
    notes: [
      ...notesOf('A', a),
      ...notesOf('B', b),
      ...(shared > 0
        ? [`${count(shared)} calls are in A and in B: intervals are wider than they need be.`]
        : []),
      caution(figures),
    ],
  };
}

/** Both are of the same calls. */
export const isSame = (a: CallSamples, b: CallSamples): boolean =>
  a.samples.length > 0 && a.samples.length === b.samples.length && sharedCalls(a, b) === a.samples.length;

function sharedCalls(a: CallSamples, b: CallSamples): number {
  const inA = new Set(a.samples.map(({ call }) => call));
  return b.samples.filter(({ call }) => inA.has(call)).length;
}

/** What the figures of a side leave out. */
function notesOf(side: 'A' | 'B', { calls, every, samples }: CallSamples): string[] {
  const unpriced = samples.filter(({ isUnpriced }) => isUnpriced).length;
  return [
    ...(every > 1 ? [`${side}: of ${count(calls)} calls one in ${count(every)} is looked at.`] : []),
    ...(unpriced > 0
      ? [`${side}: costs are lower bounds: something had no price in ${count(unpriced)} of the calls.`]
      : []),
  ];
}

const count = (number: number): string => number.toLocaleString('en-US');
