import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { finalizeCall } from '../../../exporter/finalize.ts';
import { getCallLogs, getCallMetrics, Journal, Queue } from '../../../exporter/store/index.ts';
import type { Fact } from '../../../model/facts.ts';
import { onEachDatabase } from '../../support/databases.ts';
import { GOLDEN_CALLS, PRICES } from '../../unit/calls/golden.ts';

/** What happens to a call's spans on their way: they arrive in some order, some again, and workers look in between. */
interface Delivery {
  order: Fact[];
  /** After how many spans each batch ends; a worker looks after it. */
  cuts: number[];
  again: Fact[];
}

const deliveryOf = (facts: readonly Fact[]): fc.Arbitrary<Delivery> =>
  fc.record(
    {
      order: fc.shuffledSubarray([...facts], { minLength: facts.length }),
      cuts: fc.array(fc.nat(facts.length), { maxLength: 3 }).map((cuts) => cuts.sort((a, b) => a - b)),
      again: fc.shuffledSubarray([...facts]),
    },
    { noNullPrototype: true },
  );

onEachDatabase((databases) => {
  it('spans delivered in any order, some twice, with workers in between, give the rows of the whole call', async () => {
    const db = await databases.migrated();
    const journal = new Journal(db, { finalizeDelayMs: 0, idleLimitMs: 0 });
    const queue = new Queue(db, { finalize: (facts) => finalizeCall(facts, PRICES), workerId: 'test' });
    const arbitrary = fc
      .constantFrom(...GOLDEN_CALLS)
      .chain(({ facts }) => fc.record({ facts: fc.constant(facts), delivery: deliveryOf(facts) }));
    const property = fc.asyncProperty(arbitrary, async ({ facts, delivery }) => {
      await db.query(
        'TRUNCATE :schema.call_spans, :schema.call_queue, :schema.call_logs, :schema.call_metrics',
      );
      let firsts = 0;
      const work = async () => {
        for (const { first } of (await queue.take()).finalized) firsts += Number(first);
      };
      const { order, cuts, again } = delivery;
      for (const [index, cut] of [...cuts, order.length].entries()) {
        await journal.append(order.slice(cuts[index - 1] ?? 0, cut));
        await work();
      }
      await journal.append(again);
      await work();
      const callId = facts[0]?.callId ?? '';
      const { finalized_at: _at, finalized_by: _by, ...metrics } = (await getCallMetrics(db, callId)) ?? {};
      const expected = finalizeCall(facts, PRICES);
      assert.deepEqual({ metrics, logs: await getCallLogs(db, callId) }, expected);
      assert.equal(firsts, 1);
    });
    await fc.assert(property, { numRuns: databases.rounds(15) });
  });
});
