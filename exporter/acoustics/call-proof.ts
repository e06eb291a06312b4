import type { GroupedCall } from '../calls/grouped.ts';
import { quantileOf } from '../statistics/quantile.ts';
import type { Heard } from './heard.ts';
import { LEAST_LIKENESS, type Placement, place, swap } from './place.ts';
import { type ToldCall, toldCall } from './told.ts';
import { proveTurns, type TurnProof } from './turn-proof.ts';

/** A recording to hold a call against. */
export interface Witness {
  readonly heard: Heard;
  /** The instant of its first sample, in microseconds since the epoch. Absent: it is not known. */
  readonly startUs?: number;
}

/** Differences between silences that are told and heard, in seconds. Absent: no turn has both. */
export interface Differences {
  /** Turns with a silence that is told and heard. */
  readonly turns: number;
  /** Of the differences, with their sign. */
  readonly median?: number;
  /** Of their sizes. */
  readonly p95?: number;
  readonly worst?: number;
}

/** What recordings say of a call's silences. */
export interface CallProof {
  /** Each as it was given: where it lies, or why it says nothing. */
  readonly witnesses: readonly (Placed | Refusal)[];
  /** None where no recording says anything. */
  readonly turns: readonly TurnProof[];
  readonly differences: Differences;
}

/** A recording that has its place in the call, and what to keep in mind of it. */
export interface Placed {
  readonly placement: Placement;
  readonly notes: readonly Note[];
}

/** `noisy`: with so many decibels between voice and noise, edges of words drown in it. */
export type Note =
  | { readonly kind: 'noisy'; readonly side: 'caller' | 'agent'; readonly decibels: number }
  | { readonly kind: 'swapped' }
  | { readonly kind: 'moved'; readonly seconds: number }
  | { readonly kind: 'drift'; readonly perMillion: number };

/** Why nothing can be said. */
export type Refusal =
  | { readonly kind: 'same' | 'silent' | 'no_speech_told' }
  | { readonly kind: 'another_call'; readonly likeness: number };

/** Noise that hides the ends of words. */
const NOISY_DB = 20;
/** A difference up to that is none. Seconds. */
export const AGREEING = 0.05;

/**
 * Holds the silences of a call against recordings of it. A call has several where its stream began again: each turn is heard in the
 * first that has it.
 *
 * @param latencies - `eou_latency` of each turn's row, by its index
 * @param agreeing - a difference up to that is none. (Default: 0.05 s.)
 */
export function proveCall(
  call: GroupedCall,
  latencies: ReadonlyMap<number, number | null>,
  witnesses: readonly Witness[],
  agreeing = AGREEING,
): CallProof {
  const told = toldCall(call);
  const proofs = witnesses.map(({ heard, startUs }) => {
    const start = startUs === undefined ? undefined : (startUs - call.startUs) / 1e6;
    const placed = placedIn(told, heard, start);
    if (isRefusal(placed)) return { witness: placed };
    const { placement } = placed;
    const sides = placement.swapped === true ? swap(heard) : heard;
    return { witness: placed, turns: proveTurns(told.turns, latencies, sides, placement, agreeing) };
  });
  const known = proofs.flatMap(({ turns }) => (turns === undefined ? [] : [turns]));
  const turns = (known[0] ?? []).map(
    (first, index) =>
      known.map((each) => each[index]).find((each) => each !== undefined && each.reason !== 'outside') ??
      first,
  );
  return { witnesses: proofs.map(({ witness }) => witness), turns, differences: differencesOf(turns) };
}

export const isRefusal = (witness: Placed | Refusal): witness is Refusal => 'kind' in witness;

function placedIn(told: ToldCall, heard: Heard, start: number | undefined): Placed | Refusal {
  if (heard.isSame === true) return { kind: 'same' };
  if (heard.caller.stretches.length + heard.agent.stretches.length === 0) return { kind: 'silent' };
  const placement = place(told, heard, start);
  if (placement === undefined) return { kind: 'no_speech_told' };
  if (placement.by === 'fit' && placement.likeness < LEAST_LIKENESS)
    return { kind: 'another_call', likeness: placement.likeness };
  const sides = placement.swapped === true ? swap(heard) : heard;
  return { placement, notes: notesOf(placement, sides, start) };
}

/** Sums up the turns of one call, or of many. Where the user spoke over the agent there was no silence to compare. */
export function differencesOf(turns: readonly TurnProof[]): Differences {
  const known = turns.flatMap(({ difference, reason }) =>
    difference === undefined || reason === 'spoke_over' ? [] : [difference],
  );
  if (known.length === 0) return { turns: 0 };
  const sizes = known.map(Math.abs);
  return {
    turns: known.length,
    median: quantileOf(known, 0.5),
    p95: quantileOf(sizes, 0.95),
    worst: known.reduce((worst, each) => (Math.abs(each) > Math.abs(worst) ? each : worst)),
  };
}

function notesOf({ by, swapped, rate, start }: Placement, heard: Heard, named: number | undefined): Note[] {
  const notes: Note[] = [];
  if (swapped === true) notes.push({ kind: 'swapped' });
  if (by === 'fit' && named !== undefined) notes.push({ kind: 'moved', seconds: start - named });
  if (rate !== 1) notes.push({ kind: 'drift', perMillion: (rate - 1) * 1e6 });
  for (const side of ['caller', 'agent'] as const) {
    const decibels = heard[side].clearance;
    if (decibels !== undefined && decibels < NOISY_DB) notes.push({ kind: 'noisy', side, decibels });
  }
  return notes;
}
