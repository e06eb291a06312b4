import { after, before, test } from 'node:test';
import { migrate, openPostgres } from '../../../exporter/store/index.ts';
import { Fleet } from '../../support/fleet/fleet.ts';
import { DATABASE_FAULTS, faultRun, type Ground } from '../../support/fleet/run.ts';
import { startPostgres } from '../../support/postgres.ts';

/** `EARSHOT_FAULT_RUNS`: how many; the full suite asks for 100. `EARSHOT_FAULT_FROM`: the first seed, to see one again. */
const RUNS = Number(process.env.EARSHOT_FAULT_RUNS ?? 5);
const FROM = Number(process.env.EARSHOT_FAULT_FROM ?? 0);
/** Of every twentieth run, in the full suite. */
const LONG_OUTAGE_MS = 30_000;
const OUTAGE_MS = 2_500;
const FULL = RUNS >= 100;

let ground: Ground;
before(async () => {
  const postgres = await startPostgres();
  const [url, referenceUrl] = [await postgres.createDatabase(), await postgres.createDatabase()];
  const [db, reference] = [openPostgres({ url }), openPostgres({ url: referenceUrl })];
  await migrate(reference);
  // All at once on an empty database: each wants to migrate it.
  const fleet = await Fleet.start(4, {
    DATABASE_URL: url,
    EARSHOT_FINALIZE_DELAY: '150ms',
    EARSHOT_IDLE_LIMIT: '700ms',
  });
  ground = { postgres, fleet, db, reference };
});
after(async () => {
  await ground.fleet.stop();
  await Promise.all([ground.db.close(), ground.reference.close()]);
  await ground.postgres.stop();
});

for (let seed = FROM; seed < FROM + RUNS; seed += 1) {
  const databaseFault = DATABASE_FAULTS[seed % DATABASE_FAULTS.length] ?? 'none';
  const long = FULL && seed % 20 === DATABASE_FAULTS.indexOf('outage');
  test(`seed ${seed}: killed workers, cut connections, database: ${databaseFault}; rows as if nothing had happened`, async (t) => {
    const report = await faultRun(ground, {
      seed,
      calls: 40,
      workers: 2 + (seed % 3),
      killEveryMs: long ? 5_000 : 900,
      databaseFault,
      outageMs: long ? LONG_OUTAGE_MS : OUTAGE_MS,
      spreadMs: 1_800,
      cutShare: 0.5,
    });
    t.diagnostic(JSON.stringify(report));
  });
}
