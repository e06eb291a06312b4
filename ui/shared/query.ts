import { DEFAULT_TENANT } from '../../model/tenant.ts';

/** The filters that the address of every view carries, by the names of the API's parameters. */
export const FILTERS = [
  'since',
  'until',
  'tenant',
  'service',
  'version',
  'environment',
  'customer',
  'tag',
  'agent',
  'campaign',
  'direction',
  'channel',
  'outcome',
  'provider',
  'model',
  'id',
  'silence_from',
  'silence_to',
  'interrupted',
  'unanswered',
  'unpriced',
  'failed',
] as const;
export type Filter = (typeof FILTERS)[number];

/** Those that incidents are chosen by. */
export const INCIDENT_FILTERS = ['since', 'until', 'tenant'] as const satisfies readonly Filter[];

/** Where nothing else is asked for. */
export const DEFAULT_SINCE = '7d';

/** The filters of an address, for the API: with the time that is meant where none is said. */
export function filtersOf(query: URLSearchParams, names: readonly Filter[] = FILTERS): URLSearchParams {
  const filters = new URLSearchParams();
  for (const name of names) {
    for (const value of query.getAll(name)) if (value !== '') filters.append(name, value);
  }
  if (!filters.has('since') && !filters.has('until')) filters.set('since', DEFAULT_SINCE);
  return filters;
}

/** Calls that a list asks for at once. */
export const CALLS_AT_ONCE = 100;

/** Where a list of calls is asked for, page after page. */
export const listAddress = (filters: string, order: string, after?: string): string =>
  `/api/calls?${filters}&order=${order}&limit=${CALLS_AT_ONCE}${after ? `&after=${after}` : ''}`;

/** Where what they come to together is. */
export const totalsAddress = (filters: string): string => `/api/totals?${filters}`;

/** An address with some of its parameters set, or left out where the value is undefined. */
export function withParameters(
  path: string,
  query: URLSearchParams,
  changes: Readonly<Record<string, string | undefined>>,
): string {
  const changed = new URLSearchParams(query);
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined || value === '') changed.delete(name);
    else changed.set(name, value);
  }
  if (changed.get('since') === DEFAULT_SINCE && !changed.has('until')) changed.delete('since');
  const text = changed.toString();
  return text === '' ? path : `${path}?${text}`;
}

/** An address of another view that keeps the filters and nothing else. */
export const keepingFilters = (path: string, query: URLSearchParams): string =>
  withParameters(
    path,
    new URLSearchParams([...query].filter(([name]) => (FILTERS as readonly string[]).includes(name))),
    {},
  );

/** An address that keeps the tenant of the filters and nothing else. */
export const keepingTenant = (path: string, query: URLSearchParams): string =>
  withParameters(path, new URLSearchParams([...query].filter(([name]) => name === 'tenant')), {});

/** What names a call. */
export interface CallName {
  tenant: string;
  call_id: string;
}

/** Where a call is shown, and below `/api` what is shown of it: with its tenant, unless that is the default one. */
export function callAddress({ tenant, call_id }: CallName, below = '', turn?: number): string {
  return withParameters(`/calls/${encodeURIComponent(call_id)}${below}`, new URLSearchParams(), {
    tenant: saidTenant(tenant),
    turn: turn?.toString(),
  });
}

/** A tenant as an address says it; undefined: the default one goes without saying. */
export const saidTenant = (tenant: string): string | undefined =>
  tenant === DEFAULT_TENANT ? undefined : tenant;
