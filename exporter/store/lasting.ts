import { errorCode } from './errors.ts';

/** What waiting alone may not fix, by SQLSTATE or system error code, and what to do about it. Never quotes the URL. */
const LASTING: Readonly<Record<string, string>> = {
  '25006':
    'the server is a replica, or its transactions may only read. Name the primary, or wait for the fail-over',
  '28000': 'the server refuses this user. Check user name and pg_hba.conf',
  '28P01': 'the password is wrong',
  '3D000': 'there is no database of that name. Create it, or correct the name',
  '42501':
    'the user has no right to do this. Run `earshot migrate` as one who may create the schema, and let this user use it',
  '42P07':
    'the schema has a table of that name already, which earshot did not make. Choose another schema with EARSHOT_SCHEMA',
  '53100': 'the disk of the server is full. Make room there',
  EARSHOT_TENANT_KEYS:
    'the keys of its tables have no tenant yet, and giving them one takes longer than a statement may. Run `earshot migrate --tenants`',
  ERR_CERTIFICATE_FILE:
    'a file that the URL names as sslrootcert, sslcert or sslkey cannot be read. Check its path and its rights',
  ENOTFOUND: 'there is no host of that name',
  ERR_INVALID_URL: 'this is not a URL of PostgreSQL. Expected postgres://user:password@host:5432/database',
};

/** Why an error of the database may not pass by itself, as a sentence; undefined when it soon does. */
export function lastingProblem(error: unknown): string | undefined {
  const code = errorCode(error) ?? '';
  return Object.hasOwn(LASTING, code) ? `${LASTING[code]} (${code}).` : undefined;
}
