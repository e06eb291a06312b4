import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { test } from 'node:test';
import { openPostgres } from '../../exporter/store/index.ts';
import { expectCall } from '../support/ground-truth.ts';
import { storedCall } from '../support/observed-world.ts';
import { callThroughOutage } from '../support/outage.ts';
import { poll } from '../support/poll.ts';

// That no caller waits for it is for test/accuracy.
test('PostgreSQL stops for 20 seconds during calls: nothing is lost, and nothing doubled', async (t) => {
  const { url, world, calls } = await callThroughOutage(t);

  const db = openPostgres({ url });
  t.after(() => db.close());
  for (const call of calls) {
    const expected = expectCall(call, world.providerTruth(call.callSid));
    const { metrics, logs, facts } = await storedCall(db, call.callSid);
    assert.equal(metrics.turn_count, call.turns.length, call.scenario);
    assert.deepEqual(
      logs.map(({ tts_characters }) => tts_characters),
      expected.turns.map(({ characters }) => characters),
      call.scenario,
    );
    const tokens = logs.map((row) => ({
      input: row.llm_input_tokens ?? 0,
      output: row.llm_output_tokens ?? 0,
    }));
    assert.deepEqual(
      tokens.filter((_, i) => expected.turns[i]?.tokens),
      expected.turns.flatMap((turn) => turn.tokens ?? []),
      call.scenario,
    );
    assert.equal(metrics.stt_audio_seconds, expected.sttAudioSeconds, call.scenario);
    assert.equal(new Set(facts.map(({ spanId }) => spanId)).size, facts.length);
  }
  await poll(async () => (await readdir(world.spoolDir)).length === 0, { what: 'an empty spool' });

  const { stderr } = world.agent.output;
  assert.equal(stderr.match(/cannot be written to the database/g)?.length, 1, stderr);
  assert.deepEqual(await world.close(), { code: 0, signal: null });
});
