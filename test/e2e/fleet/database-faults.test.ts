import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { createRandom } from '../../../demo/simulators/random.ts';
import { openPostgres } from '../../../exporter/store/index.ts';
import { fleetCalls } from '../../support/fleet/calls.ts';
import { deliveriesOf } from '../../support/fleet/delivery.ts';
import { Front } from '../../support/fleet/front.ts';
import { type GroundOptions, startGround, stopGround } from '../../support/fleet/ground.ts';
import { faultRun, type Ground } from '../../support/fleet/run.ts';
import { poll } from '../../support/poll.ts';
import { SmallDisk } from '../../support/postgres/small-disk.ts';

// What the fleet says and does while its database answers and takes no writes. (That nothing is lost whenever it happens is
// for the seeds of faults.test.ts.)

const probe = await SmallDisk.mount();
await probe?.unmount();
const noDisk = probe === undefined && 'a small disk needs root and the right to mount: run it with sudo';

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0)) await cleanUp();
});

async function ground(options: GroundOptions = {}): Promise<Ground> {
  const started = await startGround(2, options);
  cleanUps.unshift(() => stopGround(started));
  return started;
}

const RUN = { calls: 30, workers: 2, outageMs: 0, spreadMs: 2_000, cutShare: 0.2 } as const;

const readiness = ({ fleet }: Ground): Promise<number[]> =>
  Promise.all(fleet.workers().map(async ({ url }) => (await fetch(`${url}/readyz`)).status));

const untilAllAre = (ground: Ground, status: number) =>
  poll(async () => (await readiness(ground)).every((each) => each === status), {
    what: `every worker is ${status === 200 ? 'ready' : 'not ready'}`,
  });

/** What a worker answers to spans that it has not got yet. */
async function answers({ fleet }: Ground, seed: number): Promise<number[]> {
  const spans = fleetCalls(seed, 1).flatMap(({ punctual }) => punctual);
  const [delivery] = deliveriesOf(spans, createRandom(seed, 'answers'));
  assert.ok(delivery);
  const { body, headers } = delivery;
  return Promise.all(
    fleet
      .workers()
      .map(async ({ url }) => (await fetch(`${url}/v1/traces`, { method: 'POST', body, headers })).status),
  );
}

/** What the workers have logged of the database with this code: how grave, and the message. */
const said = ({ fleet }: Ground, code: string): string[] =>
  fleet
    .workers()
    .flatMap((worker) =>
      worker.lines().flatMap(({ error, level, message }) => (error === code ? [`${level}: ${message}`] : [])),
    );

/**
 * Sends until every worker answers with this status, and is ready or not accordingly. Other spans each time: pages that
 * are full but for a little take some, and what is there already is no write.
 */
async function untilAnswered(where: Ground, status: 200 | 503, firstSeed: number): Promise<void> {
  let seed = firstSeed;
  await poll(
    async () =>
      [...(await answers(where, seed++)), ...(await readiness(where))].every((each) => each === status),
    { what: `every worker ${status === 200 ? 'takes' : 'refuses'} spans` },
  );
}

/** Refused by every worker until it is mended, and then taken. The run's own spans may all have been sent by now. */
async function refused(where: Ground, seed: number, mend: () => Promise<unknown>): Promise<void> {
  await untilAnswered(where, 503, seed).finally(mend);
  await untilAnswered(where, 200, seed + 1_000);
}

test('a database that may only be read is one that takes no spans: 503, not ready, said by its name; nothing is lost', async () => {
  const where = await ground();
  await untilAllAre(where, 200);
  // Without a commit that fails, too: a balancer must not send any there.
  await where.postgres.readOnly(true);
  await untilAllAre(where, 503);
  assert.deepEqual(said(where, '25006'), []);
  await where.postgres.readOnly(false);
  await untilAllAre(where, 200);

  await faultRun(where, {
    ...RUN,
    seed: 5_000,
    databaseFault: async () => {
      await where.postgres.readOnly(true);
      await refused(where, 5_001, () => where.postgres.readOnly(false));
    },
  });
  for (const line of said(where, '25006')) assert.match(line, /^error: .*replica.*\(25006\)/);
  assert.ok(said(where, '25006').length >= 2, 'each worker has said it');
});

test('a database whose disk is full takes no spans: 503, not ready, said by its name; nothing is lost', {
  skip: noDisk,
}, async () => {
  const where = await ground({ smallDisk: true });
  await faultRun(where, {
    ...RUN,
    seed: 5_100,
    databaseFault: async () => {
      await where.disk?.fill();
      await refused(where, 5_101, async () => where.disk?.free());
    },
  });
  for (const line of said(where, '53100')) assert.match(line, /^error: .*disk.*\(53100\)/);
  assert.ok(said(where, '53100').length >= 1, 'it was full');
});

for (const primary of ['has died', 'goes on as a replica, unknown to them'] as const) {
  test(`a standby takes over from a primary that ${primary}: what was acknowledged is there, and the rest is taken`, async () => {
    let target = '';
    const front = await Front.start({ next: () => target });
    cleanUps.unshift(() => front.close());
    const where = await ground({
      between: async (url) => {
        target = url;
        const through = new URL(url);
        through.port = new URL(front.url).port;
        return through.href;
      },
    });
    const standby = await where.postgres.standby();
    cleanUps.unshift(() => standby.stop());
    const standbyUrl = new URL(target);
    standbyUrl.port = new URL(standby.url).port;
    const db = openPostgres({ url: standbyUrl.href });
    // It has all databases of the primary.
    const reference = openPostgres({ url: standbyUrl.href.replace('test_1', 'test_2') });
    cleanUps.unshift(() => Promise.all([db.close(), reference.close()]));
    await untilAllAre(where, 200);

    await faultRun(
      { ...where, db, reference },
      {
        ...RUN,
        seed: primary === 'has died' ? 5_200 : 5_300,
        databaseFault: async () => {
          target = standbyUrl.href;
          if (primary === 'has died') await where.postgres.kill();
          else await where.postgres.readOnly(true);
          // Not promoted yet: there are only servers that may be read.
          await refused(where, 5_201, () => standby.promote());
        },
      },
    );
  });
}
