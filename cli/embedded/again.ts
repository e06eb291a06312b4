import { setTimeout as sleep } from 'node:timers/promises';
import { type Database, errorCode, reachedAs } from '../../exporter/store/index.ts';
import { CommandError } from '../command.ts';
import type { EmbeddedDatabase } from './database.ts';
import { isCode } from './owner-file.ts';

/** What a statement says that found no server, or lost it on the way. */
const AWAY = ['ECONNREFUSED', 'ENOENT', 'ECONNRESET', 'EPIPE', '08006'];
/** For the end of the owner to be heard of on the other connection, too. */
const PAUSE_MS = 50;
const ATTEMPTS = 5;

/** The owner ended in the middle of what is done once, or several did in a row. */
class OwnerEndedError extends CommandError {
  override name = 'OwnerEndedError';
  /** The driver's: by it the pipeline knows what to write later. */
  readonly code: string | undefined;

  constructor(cause: unknown) {
    const code = errorCode(cause);
    super(
      `the process that had the embedded database open ended in the middle of this (${code}). Run the command again.`,
      { cause },
    );
    this.code = code;
  }
}

/** What is done and how far it is. */
interface Progress {
  /** The work of a transaction has begun. */
  begun: boolean;
  /** The work of a transaction is under way: what it throws may be of something else. */
  working: boolean;
}

/**
 * The embedded database, beyond the end of the process that has it open: what comes meanwhile waits for the next one, and
 * a statement under way is sent again. The work of a transaction is done once: it may have written elsewhere. Where it is
 * cut off by that end, a CommandError says so.
 */
export function acrossOwners(db: Database, embedded: EmbeddedDatabase): Database {
  const reached = async <Result>(work: (progress: Progress) => Promise<Result>): Promise<Result> => {
    const progress: Progress = { begun: false, working: false };
    for (let attempt = 1; ; attempt += 1) {
      await embedded.reachable();
      try {
        return await work(progress);
      } catch (error) {
        if (progress.working) throw error;
        if (progress.begun || attempt === ATTEMPTS) throw inWords(error);
        if (!isCode(error, ...AWAY)) throw error;
        await sleep(PAUSE_MS);
      }
    }
  };
  return reachedAs(db, {
    query: (text, params) => reached(() => db.query(text, params)),
    transaction: (work) =>
      reached((progress) =>
        db.transaction(async (tx) => {
          progress.begun = progress.working = true;
          const result = await work({
            query: <Row>(text: string, params?: readonly unknown[]) =>
              tx.query<Row>(text, params).catch(rethrowInWords),
          });
          progress.working = false;
          return result;
        }),
      ),
    close: () => db.close(),
  });
}

const inWords = (error: unknown): unknown => (isCode(error, ...AWAY) ? new OwnerEndedError(error) : error);

function rethrowInWords(error: unknown): never {
  throw inWords(error);
}
