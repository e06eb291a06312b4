import { setTimeout as sleep } from 'node:timers/promises';
import { type Database, reachedAs } from '../../exporter/store/index.ts';
import type { EmbeddedDatabase } from './database.ts';
import { isCode } from './owner-file.ts';

/** What a statement says that found no server, or lost it on the way. */
const AWAY = ['ECONNREFUSED', 'ENOENT', 'ECONNRESET', 'EPIPE', '08006'];
/** For the end of the owner to be heard of on the other connection, too. */
const PAUSE_MS = 50;
const ATTEMPTS = 5;

/**
 * The embedded database, beyond the end of the process that has it open: what comes meanwhile waits for the next one, and
 * a statement under way is sent again. The work of a transaction is done once: it may have written elsewhere.
 */
export function acrossOwners(db: Database, embedded: EmbeddedDatabase): Database {
  const reached = async <Result>(work: (begun: () => void) => Promise<Result>): Promise<Result> => {
    let again = true;
    for (let attempt = 1; ; attempt += 1) {
      await embedded.reachable();
      try {
        return await work(() => {
          again = false;
        });
      } catch (error) {
        if (!again || attempt === ATTEMPTS || !isCode(error, ...AWAY)) throw error;
        await sleep(PAUSE_MS);
      }
    }
  };
  return reachedAs(db, {
    query: (text, params) => reached(() => db.query(text, params)),
    transaction: (work) =>
      reached((begun) =>
        db.transaction((tx) => {
          begun();
          return work(tx);
        }),
      ),
    close: () => db.close(),
  });
}
