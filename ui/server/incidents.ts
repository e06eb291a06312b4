import { lastOf, slowTurnsOf } from '../../exporter/incidents/bundle.ts';
import { incidentJson, iso } from '../../exporter/incidents/json.ts';
import { HttpError } from '../../exporter/receiver/door/answer.ts';
import { type Database, findIncidents, listIncidents, readWatchedTurns } from '../../exporter/store/index.ts';
import type { StoredIncident } from '../../model/incidents.ts';
import type { IncidentAnswer, IncidentRow, IncidentsAnswer } from '../shared/api.ts';
import { INCIDENT_FILTERS } from '../shared/query.ts';
import { selectionOf } from './selection.ts';

/** What a list of them takes. */
export const INCIDENT_PARAMETERS = [...INCIDENT_FILTERS, 'open'];

const MOST_LISTED = 200;
const MOST_TURNS = 100;

/** The incidents of a time and of tenants; with `open` only those that are open. @throws HttpError 400 */
export async function incidentsAnswer(db: Database, query: URLSearchParams): Promise<IncidentsAnswer> {
  const { since, until, tenant } = selectionOf(query);
  const filter = {
    ...(since !== undefined && { since }),
    ...(until !== undefined && { until }),
    ...(tenant !== undefined && { tenant: [tenant].flat() }),
    open: Boolean(query.get('open')),
  };
  return { incidents: (await listIncidents(db, filter, MOST_LISTED)).map(rowOf) };
}

/** Answers `/api/incidents/ID`; undefined for another path. */
export function incidentHandler(db: Database, path: string): (() => Promise<IncidentAnswer>) | undefined {
  const [, id] = /^\/api\/incidents\/([0-9a-f]{1,12})$/.exec(path) ?? [];
  return id === undefined ? undefined : () => incidentAnswer(db, id);
}

/** @throws HttpError 404 */
async function incidentAnswer(db: Database, id: string): Promise<IncidentAnswer> {
  const incident = (await findIncidents(db, id)).find((each) => each.id === id);
  if (incident === undefined) throw new HttpError(404, 'there is no such incident');
  const turns = await readWatchedTurns(db, incident.since, lastOf(incident));
  return {
    incident: rowOf(incident),
    slow_turns: slowTurnsOf(incident, turns)
      .slice(0, MOST_TURNS)
      .map(({ turn, seconds }) => ({
        tenant: turn.tenant,
        call_id: turn.callId,
        turn_index: turn.turnIndex,
        created_at: iso(turn.at),
        agent_name: turn.agent,
        seconds,
        eou_latency: turn.silence,
      })),
  };
}

const rowOf = (incident: StoredIncident): IncidentRow => ({ ...incidentJson(incident), id: incident.id });
