import { RULE } from '../../exporter/incidents/windows.ts';
import { incidentWords, ownerWords } from '../../exporter/incidents/words.ts';
import type { Micros } from '../../model/facts.ts';
import type { Distribution, Incident, StoredIncident } from '../../model/incidents.ts';
import { ownerName } from '../../model/owners.ts';
import { safeText } from '../../model/safe-text.ts';
import { DEFAULT_TENANT } from '../../model/tenant.ts';
import { type Paint, showInstant, showSeconds, table } from '../render/text.ts';

export interface IncidentsTextOptions {
  readonly screen: number;
  readonly utc: boolean;
  readonly paint: Paint;
}

/** Incidents as a table, and each in words. */
export function incidentsText(
  incidents: readonly (Incident | StoredIncident)[],
  { screen, utc, paint }: IncidentsTextOptions,
): string {
  if (incidents.length === 0) return 'No incident.';
  const time = (at: Micros | undefined) => (at === undefined ? 'open' : showInstant(at, utc).slice(0, 16));
  const stored = incidents.some((incident) => 'id' in incident);
  const tenants = incidents.some(({ owner }) => owner.tenant !== DEFAULT_TENANT);
  return [
    table<Incident | StoredIncident>(
      [
        ...(stored ? [{ title: 'INCIDENT', cell: idOf }] : []),
        ...(tenants ? [{ title: 'TENANT', cell: ({ owner }: Incident) => safeText(owner.tenant) }] : []),
        { title: 'OWNER', enough: 30, cell: ({ owner }) => ownerWords(owner) },
        { title: 'SINCE', cell: ({ since }) => time(since) },
        { title: 'OPENED', leaves: 1, cell: ({ openedAt }) => time(openedAt) },
        { title: 'CLOSED', cell: ({ closedAt }) => time(closedAt) },
        { title: 'TURNS', right: true, leaves: 2, cell: ({ after }) => String(after.turns) },
      ],
      incidents,
      screen,
    ),
    '',
    ...incidents.map((incident) =>
      paint(incident.closedAt === undefined ? 'bold' : 'dim', incidentLine(incident, utc)),
    ),
  ].join('\n');
}

/**
 * That nothing looks for incidents any more, so that what is open may be over. Undefined while something does: what is missed for
 * less than an hour is made up for.
 *
 * @param until - up to when was looked; undefined: never
 */
export function unlookedText(until: Micros | undefined, now: Micros, utc: boolean): string | undefined {
  if (until !== undefined && now - until <= RULE.mostLater) return undefined;
  const since =
    until === undefined
      ? 'nothing has looked for incidents yet'
      : `nothing has looked for incidents since ${showInstant(until, utc).slice(0, 16)}: what is open may be over`;
  return `${since}. earshot serve looks for them, where it runs and EARSHOT_INCIDENTS is not off.`;
}

/** An incident in words, with the times of its day. */
const incidentLine = (incident: Incident, utc: boolean): string =>
  incidentWords(incident, (at) => showInstant(at, utc).slice(11, 16));

const idOf = (incident: Incident | StoredIncident): string => ('id' in incident ? incident.id : '');

/** One incident: in words, the distributions before and since, and what the budget was spent on. */
export function incidentText(incident: StoredIncident, { screen, utc, paint }: IncidentsTextOptions): string {
  const { id, owner, openedAt, closedAt, end, until, budget, baseline, since, before, after } = incident;
  const time = (at: Micros) => showInstant(at, utc).slice(0, 16);
  const sides = [
    { name: `${time(baseline.from)} to ${time(baseline.until)}`, of: before },
    { name: `since ${time(since)}`, of: after },
  ];
  const spent = (of: Distribution, name: string) => of.spent.find((each) => each.name === name)?.seconds;
  const names = [...new Map([...after.spent, ...before.spent].map((each) => [each.name, each])).values()];
  return [
    paint('bold', incidentLine(incident, utc)),
    `incident ${id}, opened ${time(openedAt)}${closedAt === undefined ? ', open' : `, closed ${time(closedAt)} (${end}${until === undefined ? '' : ` at ${time(until)}`})`}`,
    '',
    table(
      [
        { title: ownerWords(owner).toUpperCase(), cell: ({ name }) => name },
        { title: 'TURNS', right: true, cell: ({ of }) => String(of.turns) },
        { title: 'CALLS', right: true, leaves: 1, cell: ({ of }) => String(of.calls) },
        { title: 'P50', right: true, cell: ({ of }) => showSeconds(of.p50) },
        { title: 'P95', right: true, cell: ({ of }) => showSeconds(of.p95) },
        {
          title: `OVER ${showSeconds(budget)}`,
          right: true,
          cell: ({ of }) => `${of.overBudget} of ${of.silences}`,
        },
      ],
      sides,
      screen,
    ),
    '',
    table(
      [
        { title: 'SILENCE OF A TURN, MEAN', enough: 30, cell: (each) => safeText(ownerName(each)) },
        { title: 'BEFORE', right: true, cell: ({ name }) => showSeconds(spent(before, name)) },
        { title: 'SINCE', right: true, cell: ({ name }) => showSeconds(spent(after, name)) },
      ],
      names,
      screen,
    ),
  ].join('\n');
}
