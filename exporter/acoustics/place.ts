import { correlate, powerOfTwo, type Signal, signalOf } from './correlate.ts';
import { drawnLine, type Line } from './drift.ts';
import type { Heard } from './heard.ts';
import { nearest } from './spans.ts';
import type { ToldCall } from './told.ts';
import type { Stretch } from './voice-activity.ts';

/** Where a recording lies in its call. */
export interface Placement extends Line {
  /** `name`: its first sample is at the instant that it is kept under. `fit`: where it is most like the call. */
  readonly by: 'name' | 'fit';
  /** How alike who speaks when is there, in journal and recording: 1 the same, 0 no more than by chance. */
  readonly likeness: number;
  /** The agent is left and the caller right. */
  readonly swapped?: boolean;
}

/** Bins of a signal: 20 ms, or as many as there may be. */
const BIN_SECONDS = 0.02;
const MOST_BINS = 2 ** 18;
/** Less alike, and it is a recording of another call. */
export const LEAST_LIKENESS = 0.7;
/** One that lies where it is said to be needs no more than that. */
const LEAST_AS_NAMED = 0.4;
/** Edges of speech in journal and recording that are further apart are not the same. */
const MOST_APART = 0.5;

/**
 * Places a recording in its call.
 *
 * @param start - the instant of its first sample, where it is known, in seconds from the call's start
 * @returns where it lies, or the best that was found: undefined where one of them has no speech.
 */
export function place(told: ToldCall, heard: Heard, start?: number): Placement | undefined {
  const named = start === undefined ? undefined : asNamed(start, likenessAt(told, heard, start) ?? 0);
  if (named !== undefined && named.likeness >= LEAST_AS_NAMED) return named;
  const plain = bestFit(told, heard);
  const swapped = bestFit(told, swap(heard));
  const isSwapped = (swapped?.likeness ?? 0) > (plain?.likeness ?? 0);
  const found = isSwapped ? swapped : plain;
  if (found === undefined || (named !== undefined && found.likeness < LEAST_LIKENESS)) return named;
  const line = drawnLine(edgesApart(told, isSwapped ? swap(heard) : heard, found.start), found.start);
  return { ...line, by: 'fit', likeness: found.likeness, ...(isSwapped && { swapped: true }) };
}

const asNamed = (start: number, likeness: number): Placement => ({ start, rate: 1, by: 'name', likeness });

/** The same recording with its sides exchanged. */
export const swap = (heard: Heard): Heard => ({ ...heard, caller: heard.agent, agent: heard.caller });

interface Fit {
  readonly start: number;
  readonly likeness: number;
}

function bestFit(told: ToldCall, heard: Heard): Fit | undefined {
  const total = told.seconds + heard.seconds;
  const bin = Math.max(BIN_SECONDS, total / MOST_BINS);
  const length = powerOfTwo(total / bin + 2);
  const { caller, agent } = knownSides(told, heard);
  const [a, b] = [
    signal(told.caller, told.agent, told.seconds, bin, length),
    signal(caller, agent, heard.seconds, bin, length),
  ];
  if (a === undefined || b === undefined) return undefined;
  const alike = correlate(b, a);
  let best = 0;
  for (let shift = 1; shift < length; shift++) if ((alike[shift] ?? 0) > (alike[best] ?? 0)) best = shift;
  const start = (best > length / 2 ? best - length : best) * bin;
  const likeness = likenessAt(told, heard, start);
  return likeness === undefined ? undefined : { start, likeness };
}

/** What is heard of the sides of which the journal knows anything. */
const knownSides = (told: ToldCall, { caller, agent }: Heard) => ({
  caller: told.caller.length > 0 ? caller.stretches : [],
  agent: told.agent.length > 0 ? agent.stretches : [],
});

/** Who speaks when: the caller real, the agent imaginary, each without its mean. Undefined: neither speaks. */
function signal(
  caller: readonly Stretch[],
  agent: readonly Stretch[],
  seconds: number,
  bin: number,
  length: number,
): Signal | undefined {
  if (caller.length + agent.length === 0) return undefined;
  const { re, im } = signalOf(length);
  const bins = Math.min(length, Math.ceil(seconds / bin));
  for (const [side, stretches] of [
    [re, caller],
    [im, agent],
  ] as const) {
    for (const { start, end } of stretches)
      side.fill(1, Math.max(0, Math.round(start / bin)), Math.min(bins, Math.round(end / bin)));
    const mean = side.reduce((sum, value) => sum + value, 0) / Math.max(1, bins);
    for (let i = 0; i < bins; i++) side[i] = (side[i] ?? 0) - mean;
  }
  return { re, im };
}

/**
 * The correlation (Pearson) of who speaks when, over all of the recording: where it is outside of the call, no one speaks in that.
 * Undefined: nothing changes in it.
 */
function likenessAt(told: ToldCall, heard: Heard, start: number): number | undefined {
  const [from, to] = [start, start + heard.seconds];
  const bin = Math.max(BIN_SECONDS, (to - from) / MOST_BINS);
  const bins = Math.floor((to - from) / bin);
  if (bins < 2) return undefined;
  const drawn = (stretches: readonly Stretch[], shift: number) => {
    const side = new Uint8Array(bins);
    for (const stretch of stretches) {
      const [first, last] = [stretch.start + shift - from, stretch.end + shift - from];
      if (last > 0 && first < to - from)
        side.fill(1, Math.max(0, Math.round(first / bin)), Math.round(last / bin));
    }
    return side;
  };
  const { caller, agent } = knownSides(told, heard);
  return pearson([drawn(told.caller, 0), drawn(caller, start)], [drawn(told.agent, 0), drawn(agent, start)]);
}

function pearson(...pairs: readonly (readonly [Uint8Array, Uint8Array])[]): number | undefined {
  let [both, ofA, ofB] = [0, 0, 0];
  for (const [a, b] of pairs) {
    const { length } = a;
    let [sumA, sumB, sumBoth] = [0, 0, 0];
    for (let i = 0; i < length; i++) {
      const [x, y] = [a[i] ?? 0, b[i] ?? 0];
      sumA += x;
      sumB += y;
      sumBoth += x * y;
    }
    both += sumBoth - (sumA * sumB) / length;
    ofA += sumA - sumA ** 2 / length;
    ofB += sumB - sumB ** 2 / length;
  }
  return ofA > 0 && ofB > 0 ? both / Math.sqrt(ofA * ofB) : undefined;
}

/** For each edge of speech of the journal how far off the recording has it. */
function edgesApart(told: ToldCall, heard: Heard, start: number): readonly { at: number; off: number }[] {
  const lanes = [
    [told.caller, heard.caller.stretches],
    [told.agent, heard.agent.stretches],
  ] as const;
  return lanes.flatMap(([of, by]) =>
    (['start', 'end'] as const).flatMap((edge) =>
      of.flatMap((stretch) => {
        const at = stretch[edge];
        const found = nearest(by, edge, at - start);
        const off = found === undefined ? Number.NaN : at - (found[edge] + start);
        return Math.abs(off) <= MOST_APART ? [{ at, off }] : [];
      }),
    ),
  );
}
