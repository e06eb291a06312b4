import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { startServe } from '../../cli/serve-process.ts';
import { openPostgres } from '../../exporter/store/index.ts';
import { assertAccurate, type Measured } from '../support/accuracy.ts';
import { onlyCall, type Played, playLiveKitExample } from '../support/examples/livekit.ts';
import { Meeting } from '../support/meeting.ts';
import { REGISTER, type StoredCall } from '../support/observed-world.ts';
import { OtlpReceiver } from '../support/otlp-receiver.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';
import { assertRows } from './examples/livekit.ts';
import { measureSession } from './examples/livekit-times.ts';

const BOUNDS = { mostErrorMs: 20, mostExcused: 0.1 };
const NEAR = `each latency is within ${BOUNDS.mostErrorMs} ms of what the caller and the providers saw`;

const APART_MS = 500;

/** Something of all that is said, to the model as well. */
const CONTENT = /how can i help|good evening|small restaurant|what time do you|on the menu/i;

/** A session, and what its database has of it. */
interface Session extends Measured {
  readonly played: Played;
  readonly stored: StoredCall;
}

type Way = Pick<Parameters<typeof playLiveKitExample>[0], 'nodeArgs' | 'args'> & {
  readonly env?: Readonly<Record<string, string>>;
};
const ONE_PROCESS: Way = { nodeArgs: REGISTER, args: [] };
const FORKS: Readonly<Record<string, Way>> = {
  '--import': { nodeArgs: REGISTER, args: ['fork'] },
  NODE_OPTIONS: { nodeArgs: [], args: ['fork'], env: { NODE_OPTIONS: REGISTER.join(' ') } },
};

let postgres: TestPostgres;

/** @param endpoint - where it sends its spans, too */
async function play(way: Way, endpoint: string, ready?: () => Promise<void>): Promise<Session> {
  const folder = await mkdtemp(join(tmpdir(), 'earshot-test-spool-'));
  const url = await postgres.createMigrated();
  const db = openPostgres({ url });
  try {
    const env = {
      DATABASE_URL: url,
      EARSHOT_SPOOL_DIR: folder,
      OTEL_TRACES_EXPORTER: 'otlp',
      OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
      ...way.env,
    };
    const played = await playLiveKitExample({ ...way, env }, ready);
    const stored = await onlyCall(db);
    return { played, stored, measurements: measureSession(stored, played), stalls: played.stalls };
  } finally {
    await db.close();
    await rm(folder, { recursive: true });
  }
}

/** Beside `earshot serve`, which has a database of its own. */
async function playInOneProcess(ready?: () => Promise<void>): Promise<Session & { there: StoredCall }> {
  const url = await postgres.createMigrated();
  const serve = await startServe(url);
  const db = openPostgres({ url });
  try {
    const session = await play(ONE_PROCESS, serve.url, ready);
    return { ...session, there: await onlyCall(db) };
  } finally {
    await db.close();
    await serve.stop();
  }
}

/** Beside a collector. */
async function playInJob(
  way: Way,
  ready?: () => Promise<void>,
): Promise<Session & { collector: OtlpReceiver }> {
  const collector = await OtlpReceiver.start();
  try {
    const env = { ...way.env, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' };
    return { ...(await play({ ...way, env }, collector.url, ready)), collector };
  } finally {
    await collector.close();
  }
}

describe('the example for LiveKit, without an earshot line in it', () => {
  let inOneProcess: ReturnType<typeof playInOneProcess>;
  const inJobs = new Map<Way, ReturnType<typeof playInJob>>();
  // To start one is work; to talk is to wait, which all can do at the same time. A little apart, for they say the same, and what
  // follows the end of an utterance is work.
  before(async () => {
    postgres = await startPostgres();
    const forks = Object.values(FORKS);
    const started = new Meeting(1 + forks.length);
    inOneProcess = started.attend(playInOneProcess);
    for (const [i, way] of forks.entries()) {
      const apart = () => sleep((i + 1) * APART_MS);
      inJobs.set(
        way,
        started.attend((arrive) => playInJob(way, () => arrive().then(apart))),
      );
    }
    // Each fails the tests of its own.
    await Promise.allSettled([inOneProcess, ...inJobs.values()]);
  });
  after(() => postgres?.stop());

  describe('in one process', () => {
    test('gives the rows that the caller and the providers would write', async () => {
      const { stored, played } = await inOneProcess;
      assertRows(stored, played);
    });

    test('gives the same behind earshot serve, which gets LiveKit’s own spans as well', async () => {
      const { stored: here, there } = await inOneProcess;
      const { finalized_at: _a, finalized_by: _b, ...inProcess } = here.metrics;
      const { finalized_at: _c, finalized_by: _d, ...viaServe } = there.metrics;
      assert.deepEqual(viaServe, inProcess);
      assert.deepEqual(there.logs, here.logs);
    });

    test(NEAR, async (t) => assertAccurate(t, BOUNDS, playInOneProcess, await inOneProcess));
  });

  for (const [how, way] of Object.entries(FORKS))
    describe(`in a job process that a worker with ${how} forks`, () => {
      const made = () => inJobs.get(way) ?? assert.fail('it was not played');

      test('loses nothing, though it exits at once', async () => {
        const { stored, played } = await made();
        assertRows(stored, played);
      });

      test('sends LiveKit’s own spans to the collector, and nothing of what was said', async () => {
        const { collector } = await made();
        assert.ok(collector.spans.some(({ scope }) => scope === 'livekit-agents'));
        for (const { body } of collector.requests) assert.doesNotMatch(body.toString(), CONTENT);
      });

      test(NEAR, async (t) => assertAccurate(t, BOUNDS, () => playInJob(way), await made()));
    });
});
