import type { StoredIncident } from '../../model/incidents.ts';
import { type DistributionJson, incidentJson } from './json.ts';

/** What a webhook is told. */
export type IncidentEvent = 'incident.opened' | 'incident.closed';

/** A message for a webhook: the same event of the same incident has the same id, so that none is taken twice. */
export interface IncidentMessageText {
  readonly id: string;
  readonly incidentId: string;
  /** JSON. */
  readonly body: string;
}

/** What is said of an incident when it opens and when it closes. No call, and nothing that was said. */
export function incidentMessage(event: IncidentEvent, incident: StoredIncident): IncidentMessageText {
  const { before, after, ...data } = incidentJson(incident);
  const body = {
    type: event,
    timestamp: data.closed_at ?? data.opened_at,
    data: { ...data, before: figures(before), after: figures(after) },
  };
  return {
    id: `msg_${incident.id}_${event === 'incident.opened' ? 'opened' : 'closed'}`,
    incidentId: incident.id,
    body: JSON.stringify(body),
  };
}

const figures = ({ turns, p50, p95, over_budget, silences }: DistributionJson) => ({
  turns,
  p50,
  p95,
  over_budget,
  silences,
});
