import assert from 'node:assert/strict';
import { it } from 'node:test';
import { finalizeCall } from '../../../exporter/finalize.ts';
import { priceListFrom } from '../../../exporter/pricing/index.ts';
import {
  type Database,
  getCallMetrics,
  Journal,
  Queue,
  type Repricing,
  reprice,
} from '../../../exporter/store/index.ts';
import type { Fact } from '../../../model/facts.ts';
import { callFact, REFERENCE_US } from '../../support/call-rows.ts';
import { onEachDatabase } from '../../support/databases.ts';

/** A list on which a thousand characters of one voice cost so much. */
const priced = (usd: string) =>
  priceListFrom(
    [
      {
        provider: 'cartesia',
        entries: [
          {
            component: 'tts',
            models: ['sonic'],
            history: [
              {
                valid_from: '2025-01-01',
                prices: { per_thousand_characters: usd },
                source: 'https://example.com/prices',
                checked_on: '2025-01-01',
                confidence: 'B',
              },
            ],
          },
        ],
      },
    ],
    { name: `list at ${usd}` },
  );

/** A call in which 2,000 characters were spoken. */
const callOf = (callId: string): Fact[] => [
  callFact(callId),
  {
    type: 'stage',
    stage: 'tts',
    traceId: `trace-${callId}`,
    spanId: 'tts',
    callId,
    name: 'tts',
    startUs: REFERENCE_US,
    endUs: REFERENCE_US + 1,
    provider: 'cartesia',
    model: 'sonic',
    usage: { characters: 2_000 },
  },
];

async function finalized(db: Database, callIds: readonly string[]): Promise<void> {
  const journal = new Journal(db, { finalizeDelayMs: 0, idleLimitMs: 0 });
  await journal.append(callIds.flatMap(callOf));
  const list = priced('0.01');
  const queue = new Queue(db, { finalize: (facts) => finalizeCall(facts, list), workerId: 'worker' });
  await queue.take({ callIds, limit: callIds.length });
}

async function repriced(db: Database, apply: boolean, since = 0, pageSize = 200): Promise<Repricing[]> {
  const list = priced('0.03');
  const options = {
    since,
    apply,
    pageSize,
    by: 'test',
    finalize: (facts: readonly Fact[]) => finalizeCall(facts, list),
  };
  return collect(reprice(db, options));
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

const costOf = async (db: Database, callId: string) =>
  (await getCallMetrics(db, callId))?.cost_total?.toFixed() ?? null;

onEachDatabase(({ migrated }) => {
  it('shows what other prices would make of past calls and writes nothing', async () => {
    const db = await migrated();
    await finalized(db, ['a', 'b']);
    const found = await repriced(db, false);
    assert.deepEqual(
      found.map(
        (call) => call.kind !== 'expired' && [call.kind, `${call.before.cost_tts}`, `${call.after.cost_tts}`],
      ),
      [
        ['changed', '0.02', '0.06'],
        ['changed', '0.02', '0.06'],
      ],
    );
    assert.equal(await costOf(db, 'a'), '0.02');
  });

  it('writes the new costs and the name of their list when it is told to, once', async () => {
    const db = await migrated();
    await finalized(db, ['a']);
    await repriced(db, true);
    const row = await getCallMetrics(db, 'a');
    assert.equal(row?.cost_total?.toFixed(), '0.06');
    assert.equal(row.price_list, 'list at 0.03@2025-01-01');
    assert.equal(row.finalized_by, 'test');
    assert.deepEqual(
      (await repriced(db, true)).map(({ kind }) => kind),
      ['same'],
    );
  });

  it('leaves calls before the date alone', async () => {
    const db = await migrated();
    await finalized(db, ['a']);
    assert.deepEqual(await repriced(db, true, REFERENCE_US + 1), []);
    assert.equal((await repriced(db, true, REFERENCE_US)).length, 1);
  });

  it('keeps the cost of a call whose spans have left the journal', async () => {
    const db = await migrated();
    await finalized(db, ['a']);
    await db.query('DELETE FROM :schema.call_spans');
    assert.deepEqual(
      (await repriced(db, true)).map(({ kind }) => kind),
      ['expired'],
    );
    assert.equal(await costOf(db, 'a'), '0.02');
  });

  it('goes through more calls than a page, each once', async () => {
    const db = await migrated();
    // All of one instant; the last page is full.
    const callIds = Array.from({ length: 9 }, (_, i) => `call-${i}`);
    await finalized(db, callIds);
    const found = await repriced(db, false, 0, 3);
    assert.deepEqual(
      found.map(({ callId, kind }) => [callId, kind]),
      callIds.map((callId) => [callId, 'changed']),
    );
    await assert.rejects(
      repriced(db, false, 0, 0),
      /^RangeError: pageSize is 0, expected a whole number from 1$/,
    );
  });
});
