import { writeFile } from 'node:fs/promises';
import { bundleOf, slowTurnsOf } from '../../exporter/incidents/bundle.ts';
import { type Database, errorCode, findIncidents, readWatchedTurns } from '../../exporter/store/index.ts';
import type { StoredIncident } from '../../model/incidents.ts';
import { safeText } from '../../model/safe-text.ts';
import { readSettings } from '../../model/settings.ts';
import { type Command, CommandError, type ExitCode, type Invocation, UsageError } from '../command.ts';
import { incidentText } from '../incidents/render.ts';
import { requestsOf } from '../incidents/requests.ts';
import { openReadingDatabase } from '../reading-database.ts';
import { toJson } from '../render/json.ts';
import { painter } from '../render/text.ts';

const MOST_REQUESTS = 50;

export const incident: Command = {
  name: 'incident',
  help: `Usage: earshot incident ID [--out FILE] [--json] [--utc]

Shows an incident that earshot incidents lists: since when, how long turns took before and since, and what the budget
(EARSHOT_LATENCY_TARGET) was spent on. ID is an id, or the beginning of one.

  -o, --out FILE   writes a bundle for the provider, as JSON: model and region, when, the distributions before and since, and
                   what the provider calls the slowest ${MOST_REQUESTS} requests, where their spans say it. It has nothing that was
                   said, no call, no customer and no tenant. FILE must not be there yet
  --json           prints the bundle
  --utc            times are of UTC, in place of the local time zone

A database role that may only SELECT is enough. Reads EARSHOT_DATABASE_URL (or DATABASE_URL), else the embedded database in
.earshot (EARSHOT_DATA_DIR).`,
  options: { out: { type: 'string', short: 'o' }, json: { type: 'boolean' }, utc: { type: 'boolean' } },
  maxArguments: 1,
  run,
};

async function run({ arguments: [given], options, io }: Invocation): Promise<ExitCode> {
  const { out, json, utc } = options;
  if (given === undefined) throw new UsageError('saw no incident, expected its id: earshot incident 3f09c1.');
  if (out === '') throw new UsageError('--out: saw nothing, expected the name of a file.');
  const { callGap, ...settings } = readSettings();
  const database = await openReadingDatabase({ callGap, ...settings });
  try {
    const found = await findIncident(database.db, given);
    if (json !== true && out === undefined) {
      io.out(incidentText(found, { screen: io.screen, utc: utc === true, paint: painter(io.colour) }));
      return 0;
    }
    const bundle = await bundled(database.db, found, callGap);
    if (json === true) io.out(toJson(bundle));
    if (typeof out !== 'string') return 0;
    await writeNew(out, `${toJson(bundle)}\n`);
    if (json !== true)
      io.out(
        `${safeText(out)}: incident ${found.id}, ${bundle.slow_requests.length} slow requests, nothing that was said`,
      );
    return 0;
  } finally {
    await database.close();
  }
}

async function bundled(db: Database, found: StoredIncident, callGapMs: number) {
  const turns = await readWatchedTurns(db, found.since, found.closedAt ?? found.lookedAt);
  const slow = slowTurnsOf(found, turns).slice(0, MOST_REQUESTS);
  return bundleOf(found, await requestsOf(db, found.owner, slow, callGapMs));
}

async function findIncident(db: Database, given: string): Promise<StoredIncident> {
  const [found, another] = await findIncidents(db, given);
  if (found === undefined)
    throw new CommandError(`there is no incident "${safeText(given)}"; earshot incidents lists them.`);
  if (another !== undefined)
    throw new CommandError(`several incidents begin with "${safeText(given)}": say more of the id.`);
  return found;
}

async function writeNew(file: string, text: string): Promise<void> {
  await writeFile(file, text, { flag: 'wx', mode: 0o600 }).catch((cause: unknown) => {
    throw new CommandError(
      errorCode(cause) === 'EEXIST'
        ? `${safeText(file)} is there already: choose another name.`
        : `${safeText(file)} cannot be written (${errorCode(cause) ?? 'unknown error'}).`,
    );
  });
}
