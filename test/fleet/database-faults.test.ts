import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createRandom } from '../../demo/simulators/random.ts';
import { openPostgres } from '../../exporter/store/index.ts';
import { fleetCalls } from '../support/fleet/calls.ts';
import { deliveriesOf } from '../support/fleet/delivery.ts';
import { Front } from '../support/fleet/front.ts';
import { readiness, startGround, stopGround, untilAllAre } from '../support/fleet/ground.ts';
import { faultRun, type Ground } from '../support/fleet/run.ts';
import { poll } from '../support/poll.ts';
import { SmallDisk } from '../support/postgres/small-disk.ts';
import type { TestPostgres } from '../support/postgres.ts';

// What the fleet says and does while its database answers and takes no writes. (That nothing is lost whenever it happens is
// for the seeds of faults.test.ts.)

const probe = await SmallDisk.mount();
await probe?.unmount();
const noDisk = probe === undefined && 'a small disk needs root and the right to mount: run it with sudo';

/** A fault lasts so much longer, so that spans of the run meet it. */
const HELD_MS = 500;

const RUN = { calls: 20, workers: 2, outageMs: 0, spreadMs: 1_000, cutShare: 0.2 } as const;

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

/** The errors that the workers have logged of the database with this code. What only waits, as looks for incidents, warns. */
const said = ({ fleet }: Ground, code: string): string[] =>
  fleet
    .workers()
    .flatMap((worker) =>
      worker
        .lines()
        .flatMap(({ error, level, message }) =>
          error === code && level === 'error' ? [`${level}: ${message}`] : [],
        ),
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
    { intervalMs: 50, what: `every worker ${status === 200 ? 'takes' : 'refuses'} spans` },
  );
}

/** Refused by every worker until it is mended, and then taken. The run's own spans may all have been sent by now. */
async function refused(where: Ground, seed: number, mend: () => Promise<unknown>): Promise<void> {
  try {
    await untilAnswered(where, 503, seed);
    await sleep(HELD_MS);
  } finally {
    await mend();
  }
  await untilAnswered(where, 200, seed + 5_000);
}

describe('a database', () => {
  let where: Ground;
  before(async () => {
    where = await startGround(2, { smallDisk: true });
  });
  after(() => stopGround(where));

  test('that may only be read is one that takes no spans: 503, not ready, said by its name; nothing is lost', async () => {
    await untilAllAre(where, 200);
    // Without a commit that fails, too: a balancer must not send any there.
    await where.postgres.readOnly(true);
    await untilAllAre(where, 503);
    await where.postgres.readOnly(false);
    await untilAllAre(where, 200);
    assert.deepEqual(said(where, '25006'), []);

    await faultRun(where, {
      ...RUN,
      seed: 5_000,
      databaseFault: async () => {
        await where.postgres.readOnly(true);
        await refused(where, 50_000, () => where.postgres.readOnly(false));
      },
    });
    for (const line of said(where, '25006')) assert.match(line, /^error: .*replica.*\(25006\)/);
    assert.ok(said(where, '25006').length >= 2, 'each worker has said it');
  });

  test('whose disk is full takes no spans: 503, not ready, said by its name; nothing is lost', {
    skip: noDisk,
  }, async () => {
    await faultRun(where, {
      ...RUN,
      seed: 5_100,
      databaseFault: async () => {
        await where.disk?.fill();
        await refused(where, 60_000, async () => where.disk?.free());
      },
    });
    for (const line of said(where, '53100')) assert.match(line, /^error: .*disk.*\(53100\)/);
    assert.ok(said(where, '53100').length >= 1, 'it was full');
  });
});

describe('a standby takes over', () => {
  let where: Ground;
  let front: Front;
  /** At first the ground's, and then each standby that has taken over. */
  let primary: TestPostgres;
  /** Where the front leads. */
  let target: string;
  const cleanUps: (() => unknown)[] = [];
  before(async () => {
    front = await Front.start({ next: () => target });
    where = await startGround(2, {
      between: async (url) => {
        target = url;
        return atPort(url, front.url);
      },
    });
    primary = where.postgres;
  });
  after(async () => {
    for (const cleanUp of cleanUps.reverse()) await cleanUp();
    await stopGround(where);
    await front.close();
  });

  for (const fate of ['has died', 'goes on as a replica, unknown to them'] as const) {
    test(`from a primary that ${fate}: what was acknowledged is there, and the rest is taken`, async () => {
      const standby = await primary.standby();
      cleanUps.push(() => standby.stop());
      const standbyUrl = atPort(target, standby.url);
      const db = openPostgres({ url: standbyUrl });
      // It has all databases of the primary.
      const reference = openPostgres({ url: standbyUrl.replace('test_1', 'test_2') });
      cleanUps.push(() => Promise.all([db.close(), reference.close()]));
      await untilAllAre(where, 200);

      await faultRun(
        { ...where, db, reference },
        {
          ...RUN,
          seed: fate === 'has died' ? 5_200 : 5_300,
          databaseFault: async () => {
            target = standbyUrl;
            if (fate === 'has died') await primary.kill();
            else await primary.readOnly(true);
            // Not promoted yet: there are only servers that may be read.
            await refused(where, fate === 'has died' ? 70_000 : 80_000, () => standby.promote());
          },
        },
      );
      primary = standby;
    });
  }
});

const atPort = (url: string, other: string): string => {
  const moved = new URL(url);
  moved.port = new URL(other).port;
  return moved.href;
};
