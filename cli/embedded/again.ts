import { setTimeout as sleep } from 'node:timers/promises';
import { type Database, reachedAs } from '../../exporter/store/index.ts';
import type { EmbeddedDatabase } from './database.ts';
import { isCode } from './owner-file.ts';

/** What a statement says that found no server to be sent to: it can be sent again. */
const UNREACHED = ['ECONNREFUSED', 'ENOENT'];
/** For the end of the owner to be heard of on the other connection, too. */
const PAUSE_MS = 50;
const ATTEMPTS = 5;

/** The embedded database, beyond the end of the process that has it open: what comes meanwhile waits for the next one. */
export function acrossOwners(db: Database, embedded: EmbeddedDatabase): Database {
  const reached = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    for (let attempt = 1; ; attempt += 1) {
      await embedded.reachable();
      try {
        return await work();
      } catch (error) {
        if (attempt === ATTEMPTS || !isCode(error, ...UNREACHED)) throw error;
        await sleep(PAUSE_MS);
      }
    }
  };
  return reachedAs(db, {
    query: (text, params) => reached(() => db.query(text, params)),
    transaction: (work) => reached(() => db.transaction(work)),
    close: () => db.close(),
  });
}
