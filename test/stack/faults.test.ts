import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { storedCall } from '../support/observed-world.ts';
import { arrived } from '../support/stack/arrived.ts';
import { type ObservedStack, startObservedStack } from '../support/stack/observed-stack.ts';
import { RECOVERY_MS } from '../support/stack/stack.ts';

/** How long `earshot serve` and Jaeger are away; EARSHOT_STACK_OUTAGE_SECONDS makes it shorter. */
const OUTAGE_MS = Number(process.env.EARSHOT_STACK_OUTAGE_SECONDS || 30) * 1_000;

let observed: ObservedStack;
before(async () => {
  observed = await startObservedStack();
});
after(() => observed?.stop());

describe('faults', () => {
  it('a collector that is killed in mid-run and comes back has lost nothing that it took', async () => {
    const { stack, world, truth } = observed;
    const calling = world.makeCalls(['plain', 'tool_call']);
    for (const afterMs of [5_000, 6_000]) {
      await pause(afterMs);
      await stack.collector.process.kill();
      await stack.collector.process.up();
    }
    for (const { callSid } of await calling) await arrived(stack, truth, callSid);
  });

  it('while earshot serve and Jaeger are away their spans wait in the queue, and arrive when these are back', async () => {
    const { stack, world, truth } = observed;
    const before = performance.now();
    const calling = world.makeCalls(['plain', 'barge_in']);
    await pause(2_000);
    await stack.serve.stop();
    await stack.jaegerProcess.stop();
    const made = await calling;
    await pause(Math.max(0, OUTAGE_MS - (performance.now() - before)));
    for (const { callSid } of made) {
      await storedCall(truth, callSid, RECOVERY_MS);
      assert.deepEqual(
        await stack.db.query('SELECT 1 FROM earshot.call_metrics WHERE call_id = $1', [callSid]),
        [],
      );
    }
    // A collector that dies in the outage as well still has them.
    await stack.collector.process.kill();
    await stack.collector.process.up();
    await stack.serve.up();
    await stack.jaegerProcess.up();
    for (const { callSid } of made) await arrived(stack, truth, callSid);
  });
});
