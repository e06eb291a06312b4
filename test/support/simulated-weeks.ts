import { spansOf } from '../../demo/weeks/spans.ts';
import { type SimulatedCall, simulateWeeks, type WeeksOptions } from '../../demo/weeks/weeks.ts';
import { readFact } from '../../exporter/dialects/index.ts';
import type { Fact } from '../../model/facts.ts';

/** 2026-11-22, midnight UTC. */
export const WEEKS_UNTIL_US = Date.UTC(2026, 10, 22) * 1_000;

/** A simulated call as it really was, and its facts. */
export interface TrueCall {
  readonly truth: SimulatedCall;
  readonly facts: readonly Fact[];
}

/** The calls of simulated weeks, the latest first, as a command reads them. */
export const simulatedWeeks = (options: Omit<WeeksOptions, 'untilUs'>): TrueCall[] =>
  [...simulateWeeks({ ...options, untilUs: WEEKS_UNTIL_US })]
    .sort((a, b) => b.startUs - a.startUs || (a.callId < b.callId ? 1 : -1))
    .map((truth) => ({ truth, facts: spansOf(truth).flatMap((span) => readFact(span) ?? []) }));
