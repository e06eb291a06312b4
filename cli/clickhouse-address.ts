import type { ClickHouse } from '../exporter/warehouse/index.ts';
import { UsageError } from './command.ts';

const SCHEME = /^clickhouse\+(?=https?:)/;
/** Of ClickHouse's own clients. */
const USER = 'CLICKHOUSE_USER';
const PASSWORD = 'CLICKHOUSE_PASSWORD';

export const CLICKHOUSE_HELP = `clickhouse+https://HOST:8443/DATABASE, or clickhouse+http://…:8123, with ${USER} and ${PASSWORD}`;

/**
 * The database of ClickHouse that an option names. Undefined: it names something else.
 * @throws UsageError that does not quote it, as a password may be in it.
 */
export function readClickHouse(text: unknown, env: NodeJS.ProcessEnv = process.env): ClickHouse | undefined {
  if (typeof text !== 'string' || !SCHEME.test(text)) return undefined;
  const address = text.replace(SCHEME, '');
  if (!URL.canParse(address)) throw new UsageError(`--to: expected ${CLICKHOUSE_HELP}.`);
  const url = new URL(address);
  const named = (part: string) => (part === '' ? undefined : decodeURIComponent(part));
  const database = named(url.pathname.slice(1));
  const user = named(url.username) ?? env[USER];
  const password = named(url.password) ?? env[PASSWORD];
  return {
    url: new URL(url.origin),
    ...(database !== undefined && { database }),
    ...(user && { user }),
    ...(password && { password }),
  };
}
