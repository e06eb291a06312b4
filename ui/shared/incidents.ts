import { incidentWords, ownerWords } from '../../exporter/incidents/words.ts';
import type { Distribution } from '../../model/incidents.ts';
import type { IncidentRow } from './api.ts';
import { showHour } from './format.ts';
import { saidTenant } from './query.ts';

type Side = IncidentRow['before'];

const micros = (iso: string): number => Date.parse(iso) * 1_000;
const distribution = ({ over_budget, ...rest }: Side): Distribution => ({ ...rest, overBudget: over_budget });

/** Whose it is, in words. */
export const incidentOwner = (incident: IncidentRow): string => ownerWords(incident);

/** Whether it must be said whose they are: others than the default tenant have some. */
export const ofTenants = (incidents: readonly IncidentRow[]): boolean =>
  incidents.some(({ tenant }) => saidTenant(tenant) !== undefined);

/** An incident in one line, with times of the reader's zone. */
export const incidentLine = (incident: IncidentRow): string =>
  incidentWords(
    {
      owner: incident,
      since: micros(incident.since),
      budget: incident.budget_seconds,
      before: distribution(incident.before),
      after: distribution(incident.after),
      ...(incident.closed_at !== undefined && { closedAt: micros(incident.closed_at) }),
      ...(incident.recovered_at !== undefined && { until: micros(incident.recovered_at) }),
    },
    (at) => showHour(new Date(at / 1_000)),
  );
