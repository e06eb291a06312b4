import type { Fact } from '../../model/facts.ts';
import type { Settings } from '../../model/settings.ts';
import { type FinishedSpan, fromFinishedSpan } from '../../model/span-record.ts';
import { earshot } from '../dialects/earshot.ts';
import { Spool } from './spool.ts';
import { spoolFolders } from './spool-folder.ts';
import { warnOfVolatileSpool } from './volatile.ts';

/** Where the spool is, and how large. */
export type SpoolSettings = Pick<Settings, 'databaseUrl' | 'spoolDir' | 'spoolMaxBytes'> &
  Partial<Pick<Settings, 'watchUrl'>>;

/**
 * Writes earshot's own spans to the spool at once, for a process that exits before the pipeline is loaded: a module that
 * is being imported cannot be waited for then. Spans of others are read by the pipeline only, and left out.
 *
 * @returns how many spans of calls are lost: the spool is full.
 * @throws the file system's error; nothing is stored then.
 */
export function spoolAtExit(spans: readonly FinishedSpan[], settings: SpoolSettings): number {
  const facts = spans.flatMap((span): Fact[] => {
    const record = fromFinishedSpan(span);
    const fact = earshot.recognises(record) ? earshot.read(record) : undefined;
    return fact === undefined ? [] : [fact];
  });
  if (facts.length === 0) return 0;
  const spool = new Spool({ folders: spoolFolders(settings), maxBytes: settings.spoolMaxBytes });
  const stored = spool.appendSync(facts);
  spool.releaseSync();
  // Where earshot watch looks as soon as the process has ended.
  if (stored > 0 && settings.watchUrl === undefined) warnOfVolatileSpool(spool.dir);
  return facts.length - stored;
}
