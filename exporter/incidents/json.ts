import type { Micros } from '../../model/facts.ts';
import type { Distribution, Incident, IncidentEnd, WatchedOwner } from '../../model/incidents.ts';
import { incidentWords } from './words.ts';

/** An incident as JSON: instants as text, times in seconds, unknown absent. */
export interface IncidentJson extends WatchedOwner {
  /** Absent: it is not kept. */
  readonly id?: string;
  /** In one line, with times of UTC. */
  readonly text: string;
  readonly since: string;
  readonly opened_at: string;
  readonly closed_at?: string;
  readonly closed_as?: IncidentEnd;
  /** From when on turns were as before. */
  readonly recovered_at?: string;
  readonly budget_seconds: number;
  readonly baseline: { readonly from: string; readonly until: string };
  readonly before: DistributionJson;
  readonly after: DistributionJson;
}

export type DistributionJson = Omit<Distribution, 'overBudget'> & { readonly over_budget: number };

export const iso = (at: Micros): string => new Date(at / 1_000).toISOString();

/** `14:02 UTC` */
const utcTime = (at: Micros): string => `${iso(at).slice(11, 16)} UTC`;

export function incidentJson(incident: Incident & { readonly id?: string }): IncidentJson {
  const { id, owner, since, openedAt, closedAt, end, until, budget, baseline, before, after } = incident;
  return {
    ...(id !== undefined && { id }),
    ...owner,
    text: incidentWords(incident, utcTime),
    since: iso(since),
    opened_at: iso(openedAt),
    ...(closedAt !== undefined && { closed_at: iso(closedAt) }),
    ...(end !== undefined && { closed_as: end }),
    ...(until !== undefined && { recovered_at: iso(until) }),
    budget_seconds: budget,
    baseline: { from: iso(baseline.from), until: iso(baseline.until) },
    before: distributionJson(before),
    after: distributionJson(after),
  };
}

const distributionJson = ({ overBudget, ...rest }: Distribution): DistributionJson => ({
  ...rest,
  over_budget: overBudget,
});
