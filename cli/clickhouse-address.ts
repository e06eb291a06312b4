import type { ClickHouse } from '../exporter/warehouse/index.ts';
import { UsageError } from './command.ts';

const SCHEME = /^clickhouse\+(?=https?:)/;
/** What may hold a password although it is written wrong, as the address of ClickHouse's own clients: `clickhouse://…`. */
const MEANT = /^clickhouse[a-z+]*:/i;
/** Of ClickHouse's own clients. */
const USER = 'CLICKHOUSE_USER';
const PASSWORD = 'CLICKHOUSE_PASSWORD';

export const CLICKHOUSE_HELP = `clickhouse+https://HOST:8443/DATABASE, or clickhouse+http://…:8123, with ${USER} and ${PASSWORD}`;

/**
 * The database of ClickHouse that an option names. Undefined: it names something else.
 * @throws UsageError that does not quote it, as a password may be in it.
 */
export function readClickHouse(text: unknown, env: NodeJS.ProcessEnv = process.env): ClickHouse | undefined {
  if (typeof text !== 'string' || !MEANT.test(text)) return undefined;
  const url = SCHEME.test(text) ? addressOf(text.replace(SCHEME, '')) : undefined;
  if (url === undefined) throw new UsageError(`--to: expected ${CLICKHOUSE_HELP}.`);
  const database = named(url.pathname.replace(/^\/|\/$/g, ''));
  const user = named(url.username) ?? env[USER];
  const password = named(url.password) ?? env[PASSWORD];
  return {
    url: new URL(url.origin),
    ...(database !== undefined && { database }),
    ...(user && { user }),
    ...(password && { password }),
  };
}

const named = (part: string) => (part === '' ? undefined : decodeURIComponent(part));

/** The parts of an address, all of which count. Undefined: it has others, or cannot be. */
function addressOf(text: string): URL | undefined {
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  const { pathname, username, password, search, hash } = url;
  const isKnown = /^\/[^/]*\/?$/.test(pathname) && search === '' && hash === '';
  return isKnown && [pathname, username, password].every(canDecode) ? url : undefined;
}

function canDecode(part: string): boolean {
  try {
    decodeURIComponent(part);
    return true;
  } catch {
    return false;
  }
}
