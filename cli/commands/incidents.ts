import { incidentJson } from '../../exporter/incidents/json.ts';
import { listIncidents, lookedUntil } from '../../exporter/store/index.ts';
import { readSettings } from '../../model/settings.ts';
import { type Command, type ExitCode, type Invocation, UsageError } from '../command.ts';
import { openCommandDatabase } from '../database.ts';
import { finalizeEnded } from '../finalize-ended.ts';
import { incidentsText, unlookedText } from '../incidents/render.ts';
import { replayIncidents } from '../incidents/replay.ts';
import { toJson } from '../render/json.ts';
import { painter } from '../render/text.ts';
import { readTime, TIME_HELP } from '../time-option.ts';

const DEFAULT_SINCE = '7d';
const MOST_LISTED = 1_000;

export const incidents: Command = {
  name: 'incidents',
  help: `Usage: earshot incidents [--open] [--since TIME] [--until TIME] [--tenant NAME] [--json] [--utc]
       earshot incidents --replay [--since TIME] [--until TIME] [--json] [--utc]

An incident is an owner of silence (a provider's model, a setting, own code, the transport) that takes longer than in the hour
before: since when, by how much, and how many turns are over the budget (EARSHOT_LATENCY_TARGET). earshot serve looks for them
every five minutes; this lists what it has found, the latest first. docs/incidents.md says when one is opened and closed.

  --open          only those that are open, whenever they were opened
  --replay        looks at the calls of the time again, as earshot serve would have, and lists what it would have found;
                  nothing is written
  --since TIME    opened then or later (default ${DEFAULT_SINCE}, with --open any time). TIME is ${TIME_HELP}
  --until TIME    opened before then
  --tenant NAME   of this tenant; again: of this one or that one
  --json          with the distributions before and since, as JSON
  --utc           times are of UTC, in place of the local time zone

Reads EARSHOT_DATABASE_URL (or DATABASE_URL), else the embedded database in .earshot (EARSHOT_DATA_DIR).`,
  options: {
    open: { type: 'boolean' },
    replay: { type: 'boolean' },
    since: { type: 'string' },
    until: { type: 'string' },
    tenant: { type: 'string', multiple: true },
    json: { type: 'boolean' },
    utc: { type: 'boolean' },
  },
  maxArguments: 0,
  run,
};

async function run({ options, io }: Invocation): Promise<ExitCode> {
  const { open, replay, json, utc: isUtc, tenant } = options;
  const utc = isUtc === true;
  const now = Date.now() * 1_000;
  const since = readTime('since', options.since ?? (open === true ? undefined : DEFAULT_SINCE), utc) ?? 0;
  const until = readTime('until', options.until, utc) ?? now;
  if (until <= since) throw new UsageError('--until is not after --since: no incident can be between them.');
  if (replay === true && (open === true || tenant !== undefined))
    throw new UsageError('--replay: goes with --since, --until, --json and --utc alone.');
  const settings = readSettings();
  const database = await openCommandDatabase(settings);
  try {
    await finalizeEnded(database, settings, io);
    const tenants = Array.isArray(tenant) ? { tenant: tenant as string[] } : {};
    const found =
      replay === true
        ? (await replayIncidents(database.db, settings, { from: since, until })).incidents
        : await listIncidents(database.db, { since, until, open: open === true, ...tenants }, MOST_LISTED);
    if (replay !== true) {
      const unlooked = unlookedText(await lookedUntil(database.db), now, utc);
      if (unlooked !== undefined) io.err(`earshot: ${unlooked}`);
    }
    if (json === true) io.out(toJson({ incidents: found.map(incidentJson) }));
    else io.out(incidentsText(found, { screen: io.screen, utc, paint: painter(io.colour) }));
    return 0;
  } finally {
    await database.close();
  }
}
