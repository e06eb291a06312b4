import { groupCall } from '../../exporter/calls/group.ts';
import type { RequestOfTurn, SlowTurn } from '../../exporter/incidents/bundle.ts';
import { iso } from '../../exporter/incidents/json.ts';
import { requestIdsOf } from '../../exporter/incidents/request-ids.ts';
import { type Database, getCallFacts } from '../../exporter/store/index.ts';
import type { WatchedOwner } from '../../model/incidents.ts';

/** Spans of a call that are looked at. */
const MOST_SPANS = 20_000;

/** What the provider called the requests of slow turns, as far as their spans are in the journal and say it. */
export async function requestsOf(
  db: Database,
  { part, tenant }: WatchedOwner,
  turns: readonly SlowTurn[],
  callGapMs: number,
): Promise<RequestOfTurn[]> {
  const requests: RequestOfTurn[] = [];
  for (const { turn: slow, seconds } of turns) {
    const { callId, turnIndex, at } = slow;
    const facts = await getCallFacts(db, callId, MOST_SPANS, callGapMs, tenant);
    const turn =
      facts.length === 0 ? undefined : groupCall(facts).turns.find((each) => each.turnIndex === turnIndex);
    const stages = (turn?.stages ?? []).filter(({ stage }) => stage === part);
    requests.push({ at: iso(at), seconds, request_ids: requestIdsOf(stages, facts) });
  }
  return requests;
}
