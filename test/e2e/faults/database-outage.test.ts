import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { test } from 'node:test';
import { setTimeout as passed } from 'node:timers/promises';
import { openPostgres } from '../../../exporter/store/index.ts';
import type { ProviderTruth, WorldCall } from '../../support/demo-world.ts';
import { expectCall, percentile } from '../../support/ground-truth.ts';
import { startObservedWorld, storedCall } from '../../support/observed-world.ts';
import { poll } from '../../support/poll.ts';
import { startPostgres } from '../../support/postgres.ts';

const OUTAGE_MS = 20_000;

test('PostgreSQL stops for 20 seconds during calls: nothing is lost, nothing doubled, and no caller waits', async (t) => {
  const postgres = await startPostgres();
  t.after(() => postgres.stop());
  const url = await postgres.createDatabase();
  let outage: Promise<void> | undefined;
  const world = await startObservedWorld(url, {
    onProgress: ({ kind }) => {
      if (kind !== 'said') return;
      outage ??= postgres.down().then(async () => {
        await passed(OUTAGE_MS);
        await postgres.up();
      });
    },
  });
  t.after(() => world.close());
  const calls = await world.makeCalls();
  assert.ok(outage);
  await outage;

  const db = openPostgres({ url });
  t.after(() => db.close());
  for (const call of calls) {
    const expected = expectCall(call, world.providerTruth(call.callSid));
    const { metrics, logs, facts } = await storedCall(db, call.callSid, 30_000);
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
    assert.equal(metrics.stt_audio_seconds, Math.round(expected.sttAudioSeconds * 1e6) / 1e6, call.scenario);
    assert.equal(new Set(facts.map(({ spanId }) => spanId)).size, facts.length);
  }
  await poll(async () => (await readdir(world.spoolDir)).length === 0, { what: 'an empty spool' });

  const reactions = calls.flatMap((call) => reactionsMs(call, world.providerTruth(call.callSid)));
  const numbers = [0.5, 0.95, 1].map((fraction) => percentile(reactions, fraction).toFixed(1));
  t.diagnostic(
    `the agent reacted within ${numbers.join(' / ')} ms (median / p95 / worst of ${reactions.length})`,
  );
  assert.ok(percentile(reactions, 0.5) < 25);
  // Waiting for a database would show in every answer of the outage; one late answer is the machine's.
  assert.ok(percentile(reactions, 0.95) < 250);

  const { stderr } = world.agent.output;
  assert.equal(stderr.match(/cannot be written to the database/g)?.length, 1, stderr);
  assert.deepEqual(await world.close(), { code: 0, signal: null });
});

/**
 * How long the agent itself took, in each answer of a call: from the message that ended the utterance to its model
 * request, and from the first synthesised audio to the caller's ear.
 */
function reactionsMs(call: WorldCall, { deepgram, chat, cartesia }: ProviderTruth): number[] {
  const ends = deepgram.flatMap((event) =>
    event.kind === 'sent' && event.message.type === 'Results' && event.message.speech_final
      ? [event.atMicros]
      : [],
  );
  const requests = chat.flatMap((event) => (event.kind === 'received' ? [event.atMicros] : []));
  const voices = cartesia.flatMap((event) => (event.kind === 'first_byte' ? [event.atMicros] : []));
  const toRequest = ends.flatMap((end, i) => {
    const request = requests.find((at) => at >= end && at < (ends[i + 1] ?? Number.POSITIVE_INFINITY));
    return request === undefined ? [] : [request - end];
  });
  const toEar = call.turns.flatMap(({ initiator, firstAudioMicros: heard }) => {
    const voice = heard === undefined ? undefined : voices.findLast((at) => at <= heard);
    return initiator === 'agent' || heard === undefined || voice === undefined ? [] : [heard - voice];
  });
  return [...toRequest, ...toEar].map((micros) => micros / 1000);
}
