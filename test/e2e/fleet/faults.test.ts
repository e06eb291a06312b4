import { after, before, test } from 'node:test';
import { startGround, stopGround } from '../../support/fleet/ground.ts';
import { DATABASE_FAULTS, faultRun, type Ground } from '../../support/fleet/run.ts';

/** `EARSHOT_FAULT_RUNS`: how many; the full suite asks for 200. `EARSHOT_FAULT_FROM`: the first seed, to see one again. */
const RUNS = Number(process.env.EARSHOT_FAULT_RUNS ?? 5);
const FROM = Number(process.env.EARSHOT_FAULT_FROM ?? 0);
/** Of every fourth outage, in the full suite. */
const LONG_OUTAGE_MS = 30_000;
const OUTAGE_MS = 2_500;
const FULL = RUNS >= 100;

let ground: Ground;
before(async () => {
  ground = await startGround(4, { smallDisk: true });
});
after(() => stopGround(ground));

for (let seed = FROM; seed < FROM + RUNS; seed += 1) {
  const databaseFault = DATABASE_FAULTS[seed % DATABASE_FAULTS.length] ?? 'none';
  const long = FULL && seed % (4 * DATABASE_FAULTS.length) === DATABASE_FAULTS.indexOf('outage');
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
