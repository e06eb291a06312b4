import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AgentProcess } from '../../demo/agent-process.ts';
import { nowMicros } from '../../demo/now.ts';
import { openPostgres } from '../../exporter/store/index.ts';
import { REGISTER, startObservedWorld, storedCall } from '../support/observed-world.ts';
import { startPostgres } from '../support/postgres.ts';

test('kill -9 in mid-call: the turns that had ended half a second before are in the rows, made by another agent', async (t) => {
  const postgres = await startPostgres();
  t.after(() => postgres.stop());
  const url = await postgres.createMigrated();
  const db = openPostgres({ url });
  t.after(() => db.close());

  const env = { EARSHOT_IDLE_LIMIT: '3s' };
  let said = 0;
  let killedMicros = 0;
  const world = await startObservedWorld(url, {
    agent: { env },
    onProgress: ({ kind }) => {
      if (kind !== 'said' || ++said < 3) return;
      killedMicros = nowMicros();
      world.agent.kill('SIGKILL');
    },
  });
  t.after(() => world.close());
  const [call] = await world.makeCalls(['plain']);
  assert.ok(call);
  assert.deepEqual(await world.agent.exited(), { code: null, signal: 'SIGKILL' });
  const safe = call.turns.filter(
    ({ playbackEndedMicros: at }) => at !== undefined && at < killedMicros - 500_000,
  );
  assert.deepEqual(
    safe.map(({ initiator }) => initiator),
    ['agent', 'user', 'user'],
  );

  // Another agent of the fleet. It gets no calls.
  const keys = Object.fromEntries(
    ['DEEPGRAM', 'GROQ', 'CARTESIA'].map((name) => [`${name}_API_KEY`, 'unused']),
  );
  const other = await AgentProcess.start({
    nodeArgs: REGISTER,
    env: {
      ...keys,
      ...env,
      DATABASE_URL: url,
      EARSHOT_SPOOL_DIR: world.spoolDir,
      OTEL_TRACES_EXPORTER: 'none',
      OTEL_METRICS_EXPORTER: 'none',
    },
  });
  t.after(() => other.stop());
  const { metrics, logs } = await storedCall(db, call.callSid);
  assert.match(metrics.finalized_by, new RegExp(`:${other.pid}$`));
  assert.equal(metrics.outcome, null, 'no one knows how it would have ended');
  assert.equal(metrics.end_reason, null);
  for (const [index, turn] of safe.entries()) {
    const row = logs[index];
    assert.ok(row, `turn ${index} has a row`);
    assert.equal(row.turn_index, index);
    assert.equal(row.initiator, turn.initiator);
    assert.notEqual(row.cost_total, null);
    assert.equal(row.playback_source, 'observed');
    if (turn.initiator === 'user') {
      for (const column of ['eou_latency', 'latency_stt', 'latency_llm', 'latency_tts'] as const) {
        assert.notEqual(row[column], null, `${column} of turn ${index}`);
      }
    }
  }
  assert.equal(metrics.turn_count, logs.length);
  assert.ok(logs.length <= call.turns.length, 'no turn is there twice');
});
