import { groupCall } from '../../exporter/calls/group.ts';
import type { Estimates } from '../../exporter/store/index.ts';
import type { CallLogRow } from '../../model/rows.ts';
import { withSafeTexts } from '../../model/safe-text.ts';
import type { Io } from '../command.ts';
import { callDetails } from '../render/call-details.ts';
import { legend } from '../render/marks.ts';
import { painter, wrapped } from '../render/text.ts';
import { waterfall } from '../render/waterfall.ts';
import type { OneCall } from './call-json.ts';

/** All that is known of a call, and each of its turns as a waterfall, with nothing in it that a terminal obeys. */
export function callText(
  call: OneCall,
  utc: boolean,
  { width, colour }: Pick<Io, 'width' | 'colour'>,
): string {
  const { metrics, turns, facts, scores, running } = withSafeTexts(call);
  const paint = painter(colour);
  // Not every framework numbers its turns: which stages are of which is found as it was for the rows.
  const grouped = new Map(
    (facts.length > 0 ? groupCall(facts).turns : []).map((turn) => [turn.turnIndex, turn]),
  );
  const text = [
    callDetails(metrics, { estimates: estimatesOf(turns), scores, utc, screen: width, running }, paint),
    ...turns.map((turn) => waterfall(turn, grouped.get(turn.turn_index), width, paint)),
  ].join('\n\n');
  const marks = legend(text);
  return [text, ...(marks.length > 0 ? ['', paint('dim', wrapped(marks.join(', '), width))] : [])].join('\n');
}

const estimatesOf = (turns: readonly CallLogRow[]): Estimates => ({
  silence: turns.some((turn) => turn.playback_source === 'estimated'),
  cost: turns.some((turn) => turn.usage_estimated === true),
});
