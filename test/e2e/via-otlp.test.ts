import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { startServe } from '../../cli/serve-process.ts';
import { openPostgres } from '../../exporter/store/index.ts';
import { startObservedWorld, storedCall } from '../support/observed-world.ts';
import { poll } from '../support/poll.ts';
import { startPostgres } from '../support/postgres.ts';

let server: Awaited<ReturnType<typeof startPostgres>>;
before(async () => {
  server = await startPostgres();
});
after(() => server.stop());

/** A call's rows and facts without the stamp of who computed them and when. */
async function rows(url: string, callIds: readonly string[]) {
  const db = openPostgres({ url });
  try {
    const calls = [];
    for (const callId of callIds) {
      const { metrics, logs, facts } = await storedCall(db, callId);
      const { finalized_at: _at, finalized_by: _by, ...rest } = metrics;
      calls.push({ metrics: rest, logs, facts });
    }
    return JSON.parse(JSON.stringify(calls));
  } finally {
    await db.close();
  }
}

test('calls give the same rows through earshot serve as in the agent’s own process', async () => {
  const [inProcess, viaOtlp] = await Promise.all([server.createMigrated(), server.createMigrated()]);
  const serve = await startServe(viaOtlp);
  // One agent writes to one database itself and sends the same spans to the server of the other.
  const world = await startObservedWorld(inProcess, {
    agent: {
      env: {
        OTEL_TRACES_EXPORTER: 'otlp',
        OTEL_EXPORTER_OTLP_ENDPOINT: serve.url,
        OTEL_BSP_SCHEDULE_DELAY: '300',
        OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT: 'true',
      },
    },
  });
  try {
    const callIds = (await world.makeCalls()).map((call) => call.callSid);
    const spansOf = (calls: readonly { facts: readonly unknown[] }[]) =>
      calls.map(({ facts }) => facts.length);
    // The last spans of a call may come when it has rows already.
    const [here, there] = await poll(async () => {
      const both = [await rows(inProcess, callIds), await rows(viaOtlp, callIds)] as const;
      return isDeepStrictEqual(spansOf(both[0]), spansOf(both[1])) && both;
    });
    assert.equal(here.length, 4);
    assert.deepEqual(there, here);
  } finally {
    await world.close();
    await serve.stop();
  }
});
