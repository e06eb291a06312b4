import type { CallFact, Micros, StageFact, TurnFact, TurnPartFact } from '../../../model/facts.ts';
import type { StageKind } from '../../../model/vocabulary.ts';

/** Facts for tests. Times are milliseconds after `T0`. */
export const T0: Micros = 1_790_000_000_000_000;
export const at = (ms: number): Micros => T0 + Math.round(ms * 1_000);

let spans = 0;
const spanId = (): string => (++spans).toString(16).padStart(16, '0');

export type Times = readonly [startMs: number, endMs: number];

export const call = ([start, end]: Times, more: Partial<CallFact> = {}): CallFact => ({
  type: 'call',
  traceId: 'call',
  spanId: spanId(),
  callId: 'C1',
  name: 'call',
  startUs: at(start),
  endUs: at(end),
  ...more,
});

export const turn = (turnIndex: number, [start, end]: Times, more: Partial<TurnFact> = {}): TurnFact => ({
  type: 'turn',
  traceId: `turn-${turnIndex}`,
  spanId: spanId(),
  callId: 'C1',
  name: 'turn',
  turnIndex,
  startUs: at(start),
  endUs: at(end),
  ...more,
});

/** `[start, end]` or `[start, first byte, end]`. */
type StageTimes = Times | readonly [startMs: number, firstByteMs: number, endMs: number];

export const stage = (
  kind: StageKind,
  turnIndex: number | undefined,
  times: StageTimes,
  more: Partial<StageFact> = {},
): StageFact => {
  const [start, end, firstByte] = times.length === 3 ? [times[0], times[2], times[1]] : times;
  return {
    type: 'stage',
    stage: kind,
    traceId: `turn-${turnIndex ?? 'none'}`,
    spanId: spanId(),
    callId: 'C1',
    name: kind,
    startUs: at(start),
    endUs: at(end),
    ...(turnIndex !== undefined && { turnIndex }),
    ...(firstByte !== undefined && { firstByteUs: at(firstByte) }),
    ...more,
  };
};

/** A side of a turn in the call's one trace, with the span id `id`. */
export const part = (
  side: TurnPartFact['part'],
  id: string,
  [start, end]: Times,
  more: Partial<TurnPartFact> = {},
): TurnPartFact => ({
  type: 'turn_part',
  part: side,
  traceId: 'job',
  spanId: id,
  callId: 'C1',
  name: `${side}_turn`,
  startUs: at(start),
  endUs: at(end),
  ...more,
});

/** A stage in the same trace, below the span `parentSpanId`. */
export const below = (
  parentSpanId: string,
  kind: StageKind,
  times: StageTimes,
  more: Partial<StageFact> = {},
): StageFact => stage(kind, undefined, times, { traceId: 'job', parentSpanId, ...more });
