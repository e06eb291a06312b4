import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { startGround, stopGround } from '../support/fleet/ground.ts';
import { DATABASE_FAULTS, faultRun, type Ground } from '../support/fleet/run.ts';

/** `EARSHOT_FAULT_RUNS`: how many; the full suite asks for 200. `EARSHOT_FAULT_FROM`: the first seed, to see one again. */
const RUNS = Number(process.env.EARSHOT_FAULT_RUNS ?? 5);
const FROM = Number(process.env.EARSHOT_FAULT_FROM ?? 0);
/** Of every fourth outage, in the full suite. */
const LONG_OUTAGE_MS = 30_000;
const OUTAGE_MS = 2_500;
const FULL = RUNS >= 100;

/** Two tenants send calls of the same ids at once. */
const TOKENS = { default: 'token-of-the-default-tenant', acme: 'token-of-the-tenant-acme' };

let ground: Ground;
let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tokens-'));
  const file = join(folder, 'tokens.json');
  const tokens = Object.entries(TOKENS).map(([tenant, token]) => ({ name: tenant, token, tenant }));
  await writeFile(file, JSON.stringify(tokens), { mode: 0o600 });
  ground = await startGround(4, { smallDisk: true, env: { EARSHOT_TOKENS: file } });
});
after(async () => {
  await stopGround(ground);
  await rm(folder, { recursive: true });
});

for (let seed = FROM; seed < FROM + RUNS; seed += 1) {
  const databaseFault = DATABASE_FAULTS[seed % DATABASE_FAULTS.length] ?? 'none';
  const long = FULL && seed % (4 * DATABASE_FAULTS.length) === DATABASE_FAULTS.indexOf('outage');
  test(`seed ${seed}: two tenants, killed workers, cut connections, database: ${databaseFault}; rows as if nothing had happened`, async (t) => {
    const report = await faultRun(ground, {
      seed,
      calls: 20,
      workers: 2 + (seed % 3),
      killEveryMs: long ? 5_000 : FULL ? 900 : 1_200,
      lapseClaims: !FULL,
      databaseFault,
      outageMs: long ? LONG_OUTAGE_MS : OUTAGE_MS,
      spreadMs: 1_800,
      cutShare: 0.5,
      tokens: TOKENS,
    });
    t.diagnostic(JSON.stringify(report));
  });
}
