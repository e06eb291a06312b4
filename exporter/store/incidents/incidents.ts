import { createHash } from 'node:crypto';
import type { Micros } from '../../../model/facts.ts';
import type { Distribution, Incident, IncidentEnd, StoredIncident } from '../../../model/incidents.ts';
import type { Queryable } from '../database.ts';
import { toJson } from '../values.ts';

const micros = (column: string) => `(extract(epoch FROM ${column}) * 1000000)::double precision AS ${column}`;
const instant = (parameter: string) =>
  `'epoch'::timestamptz + ${parameter}::double precision * interval '1 microsecond'`;

const SELECT = `\
SELECT id, tenant, part, kind, name, provider, model, region, agent, ${['since', 'opened_at', 'looked_at', 'closed_at', 'recovered_at'].map(micros).join(', ')},
  closed_as, budget, details
FROM :schema.incidents i`;

interface Row {
  id: string;
  tenant: string;
  part: Incident['owner']['part'];
  kind: Incident['owner']['kind'];
  name: string;
  provider: string | null;
  model: string | null;
  region: string | null;
  agent: string | null;
  since: Micros;
  opened_at: Micros;
  looked_at: Micros;
  closed_at: Micros | null;
  closed_as: IncidentEnd | null;
  recovered_at: Micros | null;
  budget: number;
  details: Pick<Incident, 'baseline' | 'usual' | 'before' | 'after'>;
}

/** The short name of an incident: every process gives the same one the same. */
export const incidentId = ({ owner, openedAt }: Incident): string => {
  const { tenant, part, kind, name, region = null, agent = null } = owner;
  return createHash('sha256')
    .update(JSON.stringify([tenant, part, kind, name, region, agent, openedAt]))
    .digest('hex')
    .slice(0, 12);
};

/** Those that are open, the first first. */
export const openIncidents = async (db: Queryable): Promise<StoredIncident[]> =>
  (await db.query<Row>(`${SELECT} WHERE closed_at IS NULL ORDER BY opened_at, id`)).map(incidentOf);

export interface IncidentFilter {
  /** Opened then or later, and before then. */
  readonly since?: Micros;
  readonly until?: Micros;
  readonly tenant?: readonly string[];
  /** Only those that are open. */
  readonly open?: boolean;
}

/** Incidents, the latest first. */
export async function listIncidents(
  db: Queryable,
  { since, until, tenant, open }: IncidentFilter,
  limit: number,
): Promise<StoredIncident[]> {
  const rows = await db.query<Row>(
    `${SELECT}
WHERE ($1::double precision IS NULL OR opened_at >= ${instant('$1')}) AND ($2::double precision IS NULL OR opened_at < ${instant('$2')})
  AND ($3::text[] IS NULL OR tenant = ANY ($3)) AND (NOT $4::boolean OR closed_at IS NULL)
ORDER BY opened_at DESC, id LIMIT $5`,
    [since ?? null, until ?? null, tenant ?? null, open ?? false, limit],
  );
  return rows.map(incidentOf);
}

/** Those whose id begins so, two at most. */
export async function findIncidents(db: Queryable, idPart: string): Promise<StoredIncident[]> {
  const rows = await db.query<Row>(`${SELECT} WHERE starts_with(id, $1) ORDER BY id LIMIT 2`, [idPart]);
  return rows.map(incidentOf);
}

const UPSERT = `\
INSERT INTO :schema.incidents (
  id, tenant, part, kind, name, provider, model, region, agent, since, opened_at, looked_at, closed_at, closed_as, recovered_at, budget,
  p95_before, p95_after, over_before, over_after, details
) VALUES (
  $1, $2, $3, $4, $5, $6, $7, $8, $9, ${['$10', '$11', '$12', '$13'].map(instant).join(', ')}, $14, ${instant('$15')},
  $16::double precision, $17::double precision, $18::double precision, $19::double precision, $20::double precision, $21::jsonb
)
ON CONFLICT (id) DO UPDATE
SET looked_at = excluded.looked_at, closed_at = excluded.closed_at, closed_as = excluded.closed_as,
  recovered_at = excluded.recovered_at, p95_after = excluded.p95_after, over_after = excluded.over_after, details = excluded.details`;

/** Writes incidents over what was known of them. */
export async function writeIncidents(
  tx: Queryable,
  incidents: readonly (Incident & { readonly id?: string })[],
): Promise<StoredIncident[]> {
  const stored = incidents.map((incident) => ({ ...incident, id: incident.id ?? incidentId(incident) }));
  for (const incident of stored) {
    const { owner, since, openedAt, lookedAt, closedAt, end, until, budget, baseline, usual, before, after } =
      incident;
    const { tenant, part, kind, name, provider, model, region, agent } = owner;
    await tx.query(UPSERT, [
      incident.id,
      ...[tenant, part, kind, name, provider, model, region, agent].map((value) => value ?? null),
      since,
      openedAt,
      lookedAt,
      closedAt ?? null,
      end ?? null,
      until ?? null,
      budget,
      before.p95,
      after.p95,
      shareOver(before),
      shareOver(after),
      toJson({ baseline, usual, before, after }),
    ]);
  }
  return stored;
}

const shareOver = ({ overBudget, silences }: Distribution): number | null =>
  silences === 0 ? null : overBudget / silences;

function incidentOf(row: Row): StoredIncident {
  const { id, tenant, part, kind, name, provider, model, region, agent, closed_at, closed_as } = row;
  return {
    id,
    owner: {
      tenant,
      part,
      kind,
      name,
      ...(provider !== null && { provider }),
      ...(model !== null && { model }),
      ...(region !== null && { region }),
      ...(agent !== null && { agent }),
    },
    since: row.since,
    openedAt: row.opened_at,
    lookedAt: row.looked_at,
    ...(closed_at !== null && { closedAt: closed_at }),
    ...(closed_as !== null && { end: closed_as }),
    ...(row.recovered_at !== null && { until: row.recovered_at }),
    budget: row.budget,
    ...row.details,
  };
}
