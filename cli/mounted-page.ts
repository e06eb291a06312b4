import type { Log } from '../exporter/receiver/index.ts';
import { openPostgres } from '../exporter/store/index.ts';
import type { Settings } from '../model/settings.ts';
import type { Page } from '../ui/server/index.ts';
import { CommandError } from './command.ts';
import { type CommandDatabase, EMBEDDED_LIMITS } from './database.ts';

/** Of the page, apart from the receiver's: who looks at calls does not hold up their spans. */
const CONNECTIONS = 2;
const STATEMENT_TIMEOUT_MS = 15_000;

/** The page beside what a receiver takes: at the same address, on connections of its own, which only read. */
export type MountedPage = Page & { closeDatabase(): Promise<void> };

/** @throws CommandError when the page is not built */
export async function openPage(
  settings: Settings,
  { url, embedded }: Pick<CommandDatabase, 'url' | 'embedded'>,
  log: Log,
): Promise<MountedPage> {
  // Loaded here and not above: the other commands start faster without it.
  const { makePage, PageNotBuiltError } = await import('../ui/server/index.ts');
  const db = openPostgres({
    url,
    schema: settings.schema,
    readOnly: true,
    maxConnections: CONNECTIONS,
    statementTimeoutMs: STATEMENT_TIMEOUT_MS,
    ...(embedded && EMBEDDED_LIMITS),
  });
  const closeDatabase = () => db.close();
  const page = await makePage({
    db,
    settings,
    host: settings.host,
    onError: (error) => log.warn('the page could not read the database', { error }),
  }).catch(async (cause: unknown) => {
    await closeDatabase();
    if (cause instanceof PageNotBuiltError) throw new CommandError(cause.message, { cause });
    throw cause;
  });
  return Object.assign(page, { closeDatabase });
}
