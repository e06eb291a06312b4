import { INCIDENT_BINS, type StoredIncident, type WatchedTurn } from '../../model/incidents.ts';
import { type DistributionJson, incidentJson, iso } from './json.ts';
import { observationsOf, ownerKey } from './observations.ts';
import { isSlow } from './usual.ts';
import { ownerWords } from './words.ts';

/** A turn of an incident that took longer than is usual. */
export interface SlowTurn {
  readonly turn: WatchedTurn;
  /** What its owner took. */
  readonly seconds: number;
}

/** The turns since an incident began that are slower than usual, the slowest first. */
export function slowTurnsOf(incident: StoredIncident, turns: Iterable<WatchedTurn>): SlowTurn[] {
  const { owner, since, usual } = incident;
  const until = lastOf(incident);
  const own = observationsOf(turns).get(ownerKey(owner))?.observations ?? [];
  return own
    .filter((each) => each.turn.at >= since && each.turn.at < until && isSlow(each, usual))
    .sort((a, b) => b.seconds - a.seconds);
}

/** Up to when turns are an incident's. */
export const lastOf = ({ until, closedAt, lookedAt }: StoredIncident): number =>
  until ?? closedAt ?? lookedAt;

/** What the provider called the requests of a turn. */
export interface RequestOfTurn {
  readonly at: string;
  readonly seconds: number;
  readonly request_ids: readonly string[];
}

/**
 * What a provider needs to find out more: who, where, since when, how long requests took before and since, and what it calls
 * the slow ones. Nothing that was said, no call, no customer, no agent and no tenant.
 */
export function bundleOf(incident: StoredIncident, requests: readonly RequestOfTurn[]) {
  const { agent: _, ...owner } = incident.owner;
  const { text: __, before, after, baseline, ...json } = incidentJson({ ...incident, owner });
  return {
    id: json.id,
    owner: ownerWords(owner),
    part: owner.part,
    ...(owner.provider !== undefined && { provider: owner.provider }),
    ...(owner.model !== undefined && { model: owner.model }),
    ...(owner.region !== undefined && { region: owner.region }),
    since: json.since,
    opened_at: json.opened_at,
    ...(json.closed_at !== undefined && { closed_at: json.closed_at, closed_as: json.closed_as }),
    ...(json.recovered_at !== undefined && { recovered_at: json.recovered_at }),
    bins_end_at_seconds: INCIDENT_BINS,
    before: { ...baseline, ...figures(before) },
    after: { from: json.since, until: iso(lastOf(incident)), ...figures(after) },
    slow_requests: requests,
  };
}

const figures = ({ turns, calls, p50, p95, counts }: DistributionJson) => ({
  turns,
  calls,
  p50,
  p95,
  counts,
});
