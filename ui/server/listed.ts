import type { CallLogRow, CallMetricsRow, CallScoreRow } from '../../exporter/store/index.ts';
import { rowJson } from '../../model/row-json.ts';
import { SEGMENTS, type Segment } from '../../model/vocabulary.ts';
import type { CallRow, ListedCall, ListedTurn } from '../shared/api.ts';

type ShownTurn = Pick<
  CallLogRow,
  'turn_index' | 'initiator' | 'eou_latency' | 'interruption_kind' | 'error_type' | `segment_${Segment}`
>;

/** Turns of a call that a list shows. */
const MOST_TURNS = 40;

/** What a list shows of a call beside its row and its turns. */
interface Listed {
  live?: boolean;
  scores?: readonly CallScoreRow[] | undefined;
}

export const listedCall = (
  metrics: CallMetricsRow,
  turns: readonly ShownTurn[],
  { live = false, scores = [] }: Listed = {},
): ListedCall => ({
  call: rowJson(metrics) as CallRow,
  live,
  turns: turns.slice(0, MOST_TURNS).map(listedTurn),
  ...(scores.length > 0 && { scores: scores.map(({ name, value, label }) => ({ name, value, label })) }),
});

const listedTurn = (turn: ShownTurn): ListedTurn => ({
  turn_index: turn.turn_index,
  initiator: turn.initiator,
  eou_latency: turn.eou_latency,
  segments: SEGMENTS.map((segment) => turn[`segment_${segment}`]),
  interruption_kind: turn.interruption_kind,
  error_type: turn.error_type,
});
