import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { finalizeCall } from '../../../exporter/finalize.ts';
import {
  type Database,
  type FinalizedCall,
  FinalizeWorker,
  getCallLogs,
  getCallMetrics,
  Journal,
  openPostgres,
  Queue,
} from '../../../exporter/store/index.ts';
import type { Fact } from '../../../model/facts.ts';
import { sharedPostgres } from '../../support/databases.ts';
import { recordedFacts } from '../../support/otlp-json.ts';
import { poll } from '../../support/poll.ts';
import type { TestPostgres } from '../../support/postgres.ts';
import { assertRows, expectedRows, RECORDING_PRICES } from '../../support/recorded-rows.ts';

const shared = sharedPostgres();
let server: TestPostgres;
let db: Database;
const finalized: FinalizedCall[] = [];
const errors: unknown[] = [];
let worker: FinalizeWorker;

before(async () => {
  server = await shared.running();
  db = openPostgres({ url: await server.createMigrated() });
  const finalize = (facts: readonly Fact[]) => finalizeCall(facts, RECORDING_PRICES);
  worker = new FinalizeWorker({
    queue: new Queue(db, { finalize, workerId: 'test' }),
    onFinalized: (call) => finalized.push(call),
    onError: (error) => errors.push(error),
    pollMs: 20,
    idlePollMs: 50,
    batch: 5,
  });
  worker.start();
});
after(async () => {
  await worker.stop();
  await db.close();
  await shared.leave();
});

for (const name of ['livekit-js', 'livekit-python', 'pipecat']) {
  test(`${name}: in the journal the recorded conversation gives the rows worked out by hand, once it has ended`, async () => {
    const facts = recordedFacts(name);
    const [call, ...others] = facts.filter(({ type }) => type === 'call');
    assert.ok(call && others.length === 0, 'one span stands for the call');
    const { callId } = call;
    const journal = new Journal(db, { finalizeDelayMs: 50, idleLimitMs: 600_000 });

    // Last first, some of it twice: all but the call's own span.
    const early = facts.filter((fact) => fact !== call).toReversed();
    await journal.append(early.slice(0, 30));
    await journal.append(early);
    assert.equal(await getCallMetrics(db, callId), undefined);

    await journal.append([call]);
    const isThere = () => finalized.some(({ rows }) => rows.metrics.call_id === callId);
    await poll(isThere);
    assert.deepEqual(errors, []);
    const stored = await getCallMetrics(db, callId);
    assert.ok(stored);
    const { finalized_at: _, finalized_by: __, ...metrics } = stored;
    assertRows({ metrics, logs: await getCallLogs(db, callId) }, expectedRows(name));
  });
}
