import { type Database, openPostgres } from '../../exporter/store/index.ts';
import { readSettings } from '../../model/settings.ts';
import { servePage } from '../../ui/server/index.ts';
import { startPostgres } from './postgres.ts';

/** A database with calls, and the page that shows it. */
export interface PageUnderTest {
  readonly url: string;
  readonly databaseUrl: string;
  readonly db: Database;
  /** Errors that the page's server reported. */
  readonly errors: string[];
  stop(): Promise<void>;
}

/** Starts a PostgreSQL, and the page on it, with these settings. */
export async function startPage(
  fill: (db: Database) => Promise<unknown>,
  env: Readonly<Record<string, string>> = {},
): Promise<PageUnderTest> {
  const postgres = await startPostgres();
  const databaseUrl = await postgres.createMigrated();
  const db = openPostgres({ url: databaseUrl });
  await fill(db);
  const reading = openPostgres({ url: databaseUrl, readOnly: true });
  const errors: string[] = [];
  const page = await servePage({
    db: reading,
    settings: readSettings({ env }),
    host: '127.0.0.1',
    port: 0,
    onError: (error) => errors.push(error),
  });
  return {
    url: page.url,
    databaseUrl,
    db,
    errors,
    stop: async () => {
      await page.close();
      await Promise.all([reading.close(), db.close()]);
      await postgres.stop();
    },
  };
}
