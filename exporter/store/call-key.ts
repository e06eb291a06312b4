import { DEFAULT_TENANT } from '../../model/tenant.ts';

/**
 * A call among those of all tenants: `TENANT/CALL`, as one text, which can be the key of a map. No tenant's name has a
 * slash, so no two calls have the same.
 */
export type CallKey = `${string}/${string}`;

/** A row that names a call. */
export interface CallName {
  tenant: string;
  call_id: string;
}

/** The key of a row. */
export const keyOf = ({ tenant, call_id }: CallName): CallKey => `${tenant}/${call_id}`;

/** The key of a call of a tenant. (Default: the default tenant.) */
export const callKey = (callId: string, tenant: string = DEFAULT_TENANT): CallKey => `${tenant}/${callId}`;

export function partsOf(key: CallKey): { tenant: string; callId: string } {
  const slash = key.indexOf('/');
  return { tenant: key.slice(0, slash), callId: key.slice(slash + 1) };
}

/** SQL: a row of the table is of one of the calls whose `keyArrays` are $1 and $2. */
export const isGiven = (table: string): string =>
  `(${table}.tenant, ${table}.call_id) IN (SELECT * FROM UNNEST($1::text[], $2::text[]))`;

/** The parameters of `isGiven`, and of `UNNEST($1::text[], $2::text[]) AS c (tenant, call_id)`. */
export function keyArrays(keys: readonly CallKey[]): [string[], string[]] {
  const parts = keys.map(partsOf);
  return [parts.map(({ tenant }) => tenant), parts.map(({ callId }) => callId)];
}
