import type { Decimal } from 'decimal.js';
import type { Interruption, StageFact, StageKind } from '../facts.ts';
import { turnInterruptionKind } from '../quality/interruption-metrics.ts';
import type { Turn } from './group.ts';
import { latenciesOf, toSeconds } from './latencies.ts';
import type { MarkedTurn } from './marks.ts';
import { type CallLogRow, SEGMENTS, type Segment } from './rows.ts';
import { segmentsOf } from './segments.ts';
import { stagesOf } from './spoken.ts';
import { usageEstimated, usageOf } from './usage.ts';

/** What a turn costs, by component. Null: nothing of the component has a price. */
export interface TurnCost {
  cost_stt: Decimal | null;
  cost_llm: Decimal | null;
  cost_tts: Decimal | null;
  cost_total: Decimal | null;
}

/** The row of one turn. */
export function logRow(callId: string, marked: MarkedTurn, cost: TurnCost): CallLogRow {
  const { turn, spoken, stt } = marked;
  const { fact, stages } = turn;
  const interruptions = interruptionsIn(turn);
  return {
    call_id: callId,
    turn_index: turn.turnIndex,
    created_at: turn.startUs,
    trace_id: turn.traceId,
    initiator: fact?.initiator ?? null,
    user_text: fact?.userText ?? null,
    agent_text: fact?.agentText ?? null,
    ...model('stt', stt ?? lastOf(stages, 'stt')),
    ...model('llm', spoken.llm ?? lastOf(stages, 'llm')),
    ...model('tts', spoken.tts ?? lastOf(stages, 'tts')),
    eou_source: marked.eouSource ?? null,
    playback_source: marked.playbackSource ?? null,
    ...latenciesOf(marked),
    ...segmentColumns(marked),
    ...usageOf(stages),
    usage_estimated: usageEstimated(stages),
    interrupted: interruptions.interrupted,
    interruption_kind: turnInterruptionKind(interruptions) ?? null,
    sentiment_score: fact?.sentimentScore ?? null,
    ...cost,
    error_type: fact?.errorType ?? stages.find(({ errorType }) => errorType !== undefined)?.errorType ?? null,
  };
}

const lastOf = (stages: readonly StageFact[], kind: StageKind): StageFact | undefined =>
  stagesOf(stages, kind).at(-1);

type ModelColumns<C extends string> = Record<`${C}_provider` | `${C}_model`, string | null>;

const model = <const C extends 'stt' | 'llm' | 'tts'>(
  component: C,
  stage: StageFact | undefined,
): ModelColumns<C> =>
  ({
    [`${component}_provider`]: stage?.provider ?? null,
    [`${component}_model`]: stage?.model ?? null,
  }) as ModelColumns<C>;

function segmentColumns(marked: MarkedTurn): Record<`segment_${Segment}`, number | null> {
  const micros = segmentsOf(marked);
  return Object.fromEntries(
    SEGMENTS.map((segment) => {
      const length = micros[segment];
      return [`segment_${segment}`, length === null ? null : toSeconds(length)];
    }),
  ) as Record<`segment_${Segment}`, number | null>;
}

/**
 * Who spoke over whom in a turn. It was interrupted as its span says; else when it lists a barge-in; and where the
 * span was lost, when its playback was cut off.
 */
export function interruptionsIn({ fact, stages }: Turn): TurnInterruptions {
  if (fact === undefined) {
    return { interrupted: stagesOf(stages, 'playback').some(({ cancelled }) => cancelled === true) };
  }
  const { interruptions = [] } = fact;
  const interrupted = fact.interrupted ?? interruptions.some(({ kind }) => kind === 'barge_in');
  return { interrupted, interruptions };
}

interface TurnInterruptions {
  interrupted: boolean;
  interruptions?: Interruption[];
}
