import { randomBytes } from 'node:crypto';
import { CAST } from '../../demo/weeks/cast.ts';
import { usualSlowdown } from '../../demo/weeks/slowdown.ts';
import { spansOf } from '../../demo/weeks/spans.ts';
import { truthOf } from '../../demo/weeks/truth.ts';
import { simulateWeeks, type WeeksOptions } from '../../demo/weeks/weeks.ts';
import { readFact } from '../../exporter/dialects/index.ts';
import { incidentJson } from '../../exporter/incidents/json.ts';
import { type Database, Journal } from '../../exporter/store/index.ts';
import type { Fact } from '../../model/facts.ts';
import { safeText } from '../../model/safe-text.ts';
import type { Settings } from '../../model/settings.ts';
import { CommandError, type ExitCode, type Io } from '../command.ts';
import { openCommandDatabase } from '../database.ts';
import { finalizeEndedCalls } from '../finalize.ts';
import { incidentsText } from '../incidents/render.ts';
import { replayIncidents } from '../incidents/replay.ts';
import { nextCommand } from '../next-command.ts';
import { toJson } from '../render/json.ts';
import { painter } from '../render/text.ts';
import { slowdownText, truthTable } from './truth.ts';

type Weeks = Pick<WeeksOptions, 'seed' | 'days' | 'calls'> & { slowdown: boolean };

/** Spans of one statement. */
const BATCH = 2_000;
/** Calls of one transaction. */
const CALLS_TOGETHER = 100;
const DAY_US = 86_400_000_000;

/** Simulates calls and writes them as an agent's would be: their spans into the journal, and of these the rows. */
export async function writeWeeks(settings: Settings, weeks: Weeks, json: boolean, io: Io): Promise<ExitCode> {
  const paint = painter(io.colour);
  const untilUs = Date.now() * 1_000;
  const slowdowns = weeks.slowdown ? [usualSlowdown(untilUs)] : [];
  const database = await openCommandDatabase(settings);
  try {
    const beganMs = performance.now();
    io.err(paint('dim', `rows go to ${database.name}; --seed ${weeks.seed} simulates the same calls again`));
    const spans = await appendWeeks(database.db, { ...weeks, untilUs, slowdowns });
    io.err(paint('dim', `${spans} spans are in the journal; their calls get rows`));
    const warn = (message: string) => io.err(`earshot: ${safeText(message)}`);
    await finalizeEndedCalls(database.db, settings, warn, CALLS_TOGETHER);
    const seconds = Math.round((performance.now() - beganMs) / 100) / 10;
    const truth = CAST.map((agent) => truthOf(agent));
    const [slowdown] = slowdowns;
    const found =
      slowdown &&
      (await replayIncidents(database.db, settings, { from: untilUs - weeks.days * DAY_US, until: untilUs }));
    if (json)
      io.out(
        toJson({
          ...weeks,
          spans,
          seconds,
          truth,
          ...(found && { slowdowns, incidents: found.incidents.map(incidentJson) }),
        }),
      );
    else
      io.out(
        [
          `${weeks.calls} calls of ${weeks.days} days, ${spans} spans, in ${seconds} s.`,
          '\nWhat is really different, in half of the calls from the middle of the time on:\n',
          truthTable(truth, io.screen),
          ...(found
            ? [
                `\n${slowdownText(slowdowns)}\n`,
                incidentsText(found.incidents, { screen: io.screen, utc: false, paint }),
              ]
            : []),
        ].join('\n'),
      );
    io.err(
      paint(
        'dim',
        `\nThey have the tag earshot.demo. ${nextCommand(database, 'report')} shows them; earshot demo --clean removes them.`,
      ),
    );
    return 0;
  } finally {
    await database.close();
  }
}

/** @returns how many spans there were. */
async function appendWeeks(db: Database, weeks: WeeksOptions): Promise<number> {
  const journal = new Journal(db);
  // Calls of an earlier demo with the same seed are others: they were at another time.
  const idPrefix = `demo-${randomBytes(4).toString('hex')}-`;
  let batch: Fact[] = [];
  let written = 0;
  const write = async () => {
    const { refused } = await journal.append(batch);
    if (refused[0] !== undefined) throw new CommandError(`the database refused spans: ${refused[0].reason}.`);
    written += batch.length;
    batch = [];
  };
  for (const call of simulateWeeks({ ...weeks, idPrefix })) {
    for (const span of spansOf(call)) batch.push(...present(readFact(span)));
    if (batch.length >= BATCH) await write();
  }
  await write();
  return written;
}

const present = (fact: Fact | undefined): Fact[] => (fact === undefined ? [] : [fact]);
