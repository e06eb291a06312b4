import type { Interruption, TurnFact } from '../../model/facts.ts';
import type { CallMetricsRow } from '../../model/rows.ts';
import type { InterruptionKind } from '../../model/vocabulary.ts';
import { INTERRUPTION_KINDS } from '../../model/vocabulary.ts';

/** How often each kind happened. */
export type InterruptionCounts = Record<InterruptionKind, number>;

/**
 * A call's interruptions in numbers. An interruption is the agent being cut off by the user: `barge_in` only. False
 * interruptions are counted apart; the agent talking into the user's speech and backchannels are in `byKind`.
 */
export interface InterruptionMetrics {
  /** Barge-ins. */
  interruptionCount: number;
  /** Barge-ins / turns; above 1 when turns were cut off more than once. Absent without turns. */
  interruptionRate?: number;
  falseInterruptionCount: number;
  byKind: InterruptionCounts;
  /** Seconds from barge-in to silence, on average over the barge-ins that have it. Absent when none has. */
  averageTimeToSilenceSeconds?: number;
}

/** Adds up interruptions one by one; keeps sums only. */
export class InterruptionTally {
  readonly #counts: InterruptionCounts = {
    barge_in: 0,
    false_interruption: 0,
    agent_over_user: 0,
    backchannel: 0,
  };
  #silenceSeconds = 0;
  #silences = 0;

  add({ kind, timeToSilenceSeconds }: Pick<Interruption, 'kind' | 'timeToSilenceSeconds'>): void {
    this.#counts[kind] += 1;
    if (kind !== 'barge_in' || timeToSilenceSeconds === undefined) return;
    this.#silenceSeconds += timeToSilenceSeconds;
    this.#silences += 1;
  }

  metrics(turnCount: number): InterruptionMetrics {
    const interruptionCount = this.#counts.barge_in;
    return {
      interruptionCount,
      ...(turnCount > 0 && { interruptionRate: interruptionCount / turnCount }),
      falseInterruptionCount: this.#counts.false_interruption,
      byKind: { ...this.#counts },
      ...(this.#silences > 0 && { averageTimeToSilenceSeconds: this.#silenceSeconds / this.#silences }),
    };
  }
}

type TurnInterruptions = {
  readonly [Name in 'interrupted' | 'interruptions']?: TurnFact[Name] | undefined;
};

/**
 * A turn's interruptions. A turn that is only flagged `interrupted` (frameworks that tell no more) has one barge-in
 * without times.
 */
function interruptionsOf(
  turn: TurnInterruptions,
): readonly Pick<Interruption, 'kind' | 'timeToSilenceSeconds'>[] {
  const listed = turn.interruptions ?? [];
  if (!turn.interrupted || listed.some(({ kind }) => kind === 'barge_in')) return listed;
  return [...listed, { kind: 'barge_in' }];
}

/**
 * A call's interruptions from its turns.
 *
 * @param turnCount Turns of the call. (Default: the number of `turns`.)
 */
export function interruptionMetrics(
  turns: readonly TurnInterruptions[],
  turnCount: number = turns.length,
): InterruptionMetrics {
  const tally = new InterruptionTally();
  for (const turn of turns) for (const interruption of interruptionsOf(turn)) tally.add(interruption);
  return tally.metrics(turnCount);
}

/** The same as columns of `call_metrics`. */
export function interruptionColumns(
  metrics: InterruptionMetrics,
): Pick<CallMetricsRow, 'interruption_count' | 'interruption_rate' | 'false_interruption_count'> {
  return {
    interruption_count: metrics.interruptionCount,
    interruption_rate: metrics.interruptionRate ?? null,
    false_interruption_count: metrics.falseInterruptionCount,
  };
}

/** `call_logs.interruption_kind`: the turn's most telling interruption; undefined when it had none. */
export function turnInterruptionKind(turn: TurnInterruptions): InterruptionKind | undefined {
  const kinds = new Set(interruptionsOf(turn).map(({ kind }) => kind));
  return INTERRUPTION_KINDS.find((kind) => kinds.has(kind));
}
