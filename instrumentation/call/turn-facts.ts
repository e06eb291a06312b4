import type { Span } from '@opentelemetry/api';
import { audioEvidence, wasHeard } from '../../exporter/calls/heard.ts';
import { type MarkedTurn, markTurn } from '../../exporter/calls/marks.ts';
import type { Micros, StageFact, TurnFact } from '../../model/facts.ts';
import { SPAN } from '../../model/semconv.ts';
import type { Stage } from './stage.ts';

/** What is known of a turn that ends, besides its stages. */
export interface TurnKnowledge
  extends Pick<
    TurnFact,
    'callId' | 'turnIndex' | 'initiator' | 'speechEndedUs' | 'eouSource' | 'utterances' | 'spokenRequest'
  > {
  startUs: Micros;
  endUs: Micros;
}

/**
 * A turn as rows will show it: what is known here goes through the judgment that its spans go through there, so that a
 * latency has one definition. A stage that is still open counts as cut off when the turn ended.
 */
export function markedTurn(span: Span, known: TurnKnowledge, stages: Iterable<Stage>): MarkedTurn {
  const { traceId, spanId } = span.spanContext();
  const { callId, turnIndex, startUs, endUs } = known;
  const base = { traceId, spanId, callId, turnIndex };
  const fact: TurnFact = { ...known, ...base, type: 'turn', name: SPAN.turn };
  const facts = [...stages]
    .map((stage) => stageFact(stage, base, endUs))
    .sort((a, b) => a.startUs - b.startUs);
  const heard = wasHeard(fact, facts, audioEvidence(facts));
  return markTurn({
    turnIndex,
    traceId,
    startUs,
    endUs,
    fact,
    stages: facts,
    ...(heard !== undefined && { heard }),
  });
}

function stageFact(
  { kind, startUs, firstByteUs, endUs, cancelled, failed, spanId }: Stage,
  base: Pick<StageFact, 'traceId' | 'spanId' | 'callId'> & { turnIndex: number },
  turnEndUs: Micros,
): StageFact {
  return {
    ...base,
    spanId,
    type: 'stage',
    stage: kind,
    name: kind,
    startUs,
    endUs: endUs ?? Math.max(startUs, turnEndUs),
    ...(firstByteUs !== undefined && { firstByteUs }),
    ...((cancelled || endUs === undefined) && { cancelled: true }),
    ...(failed && { errorType: '_OTHER' }),
  };
}
