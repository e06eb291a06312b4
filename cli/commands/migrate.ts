import {
  assertCitus,
  DistributeError,
  distributeJournal,
  migrate as migrateSchema,
  partitionJournal,
  useTenantKeys,
  wholeJournal,
} from '../../exporter/store/index.ts';
import { readSettings } from '../../model/settings.ts';
import { type Command, CommandError, type ExitCode, type Invocation } from '../command.ts';
import { connectCommandDatabase } from '../database.ts';
import { toJson } from '../render/json.ts';

export const migrate: Command = {
  name: 'migrate',
  help: `Usage: earshot migrate [--partitions] [--tenants] [--distribute] [--json]

Creates or updates the tables call_spans, call_queue, call_logs and call_metrics in the schema
earshot (EARSHOT_SCHEMA). Running it twice, or from several places at once, is safe. It refuses a database with a schema newer than this version knows.

Agents migrate when they start. Run this first where they may not create tables.

  --partitions  also divides the journal into partitions by day, where it is one table of an earlier version. One of
             up to 1 GiB is divided by itself; a larger one is read once, a minute or so for a hundred million spans,
             during which writers wait. Processes of versions without tenants can write no more afterwards
  --tenants  also puts the tenant into the keys of a database that is older than tenants. \`earshot serve\` does so
             when the first call of a tenant comes, in the 8 seconds that a statement has; a journal of many million
             spans takes longer. Processes of versions without tenants can write no more afterwards
  --distribute  also puts the journal into shards by call, on the workers of a Citus cluster. Only on its coordinator:
             anywhere else it refuses, and changes nothing. Writers wait while the spans that there are are copied
  --json     what was applied, as JSON

Works on EARSHOT_DATABASE_URL (or DATABASE_URL), else on the embedded database in .earshot (EARSHOT_DATA_DIR).`,
  options: {
    json: { type: 'boolean' },
    partitions: { type: 'boolean' },
    tenants: { type: 'boolean' },
    distribute: { type: 'boolean' },
  },
  maxArguments: 0,
  run,
};

async function run({ options, io }: Invocation): Promise<ExitCode> {
  const database = await connectCommandDatabase(readSettings());
  try {
    if (options.distribute === true) await assertCitus(database.db);
    const { applied, version } = await migrateSchema(database.db);
    const rekeyed = options.tenants === true && (await useTenantKeys(database.db));
    if (options.partitions === true) await partitionJournal(database.db);
    const distributed = options.distribute === true && (await distributeJournal(database.db));
    const partitioned = (await wholeJournal(database.db)) === undefined;
    if (options.json === true)
      io.out(
        toJson({
          applied,
          version,
          partitioned,
          ...(options.tenants && { rekeyed }),
          ...(options.distribute && { distributed }),
        }),
      );
    else if (applied.length === 0) io.out(`The schema is up to date (version ${version}).`);
    else io.out(`Applied ${applied.join(', ')}. The schema is at version ${version}.`);
    if (!partitioned && options.json !== true)
      io.out('The journal is one table still: `earshot migrate --partitions` divides it into days.');
    if (rekeyed && options.json !== true) io.out('The keys have the tenant now.');
    if (options.distribute === true && options.json !== true)
      io.out(
        distributed ? 'The journal is in shards by call now.' : 'The journal is in shards by call already.',
      );
    return 0;
  } catch (error) {
    throw error instanceof DistributeError ? new CommandError(error.message, { cause: error }) : error;
  } finally {
    await database.close();
  }
}
