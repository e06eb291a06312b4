import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertUnlessStarved } from '../support/accuracy.ts';
import { percentile } from '../support/ground-truth.ts';
import { callThroughOutage, reactionsMs } from '../support/outage.ts';
import { readStalls, watchStalls } from '../support/stalls.ts';

test('no caller waits for a database that is away', async (t) => {
  const own = watchStalls();
  const { world, calls, stallsFile } = await callThroughOutage(t);
  const reactions = calls.flatMap((call) => reactionsMs(call, world.providerTruth(call.callSid)));
  await world.close();
  const numbers = [0.5, 0.95, 1].map((fraction) => percentile(reactions, fraction).toFixed(1));
  t.diagnostic(
    `the agent reacted within ${numbers.join(' / ')} ms (median / p95 / worst of ${reactions.length})`,
  );
  assertUnlessStarved([...own, ...(await readStalls(stallsFile))], () => {
    assert.ok(percentile(reactions, 0.5) < 25);
    // Waiting for a database would show in every answer of the outage; one late answer is the machine's.
    assert.ok(percentile(reactions, 0.95) < 250);
  });
});
