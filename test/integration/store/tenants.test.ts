import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { finalizeCall } from '../../../exporter/finalize.ts';
import {
  type Database,
  deleteExpiredSpans,
  deleteTaggedCalls,
  findCalls,
  getCallFacts,
  getCallLogs,
  getCallMetrics,
  Journal,
  listCalls,
  listRestingCalls,
  Queue,
  reprice,
} from '../../../exporter/store/index.ts';
import type { Fact } from '../../../model/facts.ts';
import { callFact, countTurns, turnFact } from '../../support/call-rows.ts';
import { onEachDatabase } from '../../support/databases.ts';
import { PRICES } from '../../unit/calls/golden.ts';

const AT_ONCE = { finalizeDelayMs: 0, idleLimitMs: 0 };
const queueOf = (db: Database) => new Queue(db, { finalize: countTurns, workerId: 'test' });

/** The same spans, by all their ids, as another tenant sends them. */
const sentBy = (tenant: string, facts: readonly Fact[]): Fact[] => facts.map((fact) => ({ ...fact, tenant }));

/** Everything that is stored for a tenant, but for when. */
async function storedFor(db: Database, tenant: string) {
  const read = async (table: string, order: string, ...without: string[]) =>
    (
      await db.query<{ row: string }>(
        `SELECT (to_jsonb(t) - $2::text[])::text AS row FROM :schema.${table} t WHERE tenant = $1 ORDER BY ${order}`,
        [tenant, [...without, 'finalized_by']],
      )
    ).map(({ row }) => row);
  return {
    spans: await read('call_spans', 'call_id, trace_id, span_id, ended_at', 'recorded_at'),
    calls: await read('call_metrics', 'call_id', 'finalized_at', 'spans_at'),
    turns: await read('call_logs', 'call_id, turn_index'),
  };
}

onEachDatabase((databases) => {
  it('two tenants that send the same ids have each the call that they sent', async () => {
    const db = await databases.migrated();
    const journal = new Journal(db, AT_ONCE);
    const [end, first, second] = [callFact('c'), turnFact('c', 0), turnFact('c', 1)];
    await journal.append([end, first]);
    const others = [...sentBy('acme', [first, second]), ...sentBy('beta', [end])];
    assert.equal((await journal.append(others)).written, 3);
    assert.equal((await journal.append(others)).written, 0, 'what comes again is there already');
    await queueOf(db).take();
    const turns = async (tenant?: string) =>
      [
        (await getCallMetrics(db, 'c', tenant))?.turn_count,
        (await getCallLogs(db, 'c', tenant)).length,
      ] as const;
    assert.deepEqual(await turns(), [1, 1]);
    assert.deepEqual(await turns('acme'), [2, 2]);
    assert.deepEqual(await turns('beta'), [0, 0]);
    assert.deepEqual((await findCalls(db, 'c')).finished.sort(), ['acme/c', 'beta/c', 'default/c']);
    assert.deepEqual((await findCalls(db, 'c', ['acme'])).finished, ['acme/c']);
    assert.equal((await getCallFacts(db, 'c', 9, 3_600_000, 'acme')).length, 2);
    assert.deepEqual(
      (await listCalls(db, { tenant: ['acme'] })).map(({ tenant }) => tenant),
      ['acme'],
    );
    assert.equal((await listCalls(db)).length, 3);
  });

  it('calls are deleted by their tags in their own tenant alone, also where another has the same id', async () => {
    const db = await databases.migrated();
    const journal = new Journal(db, AT_ONCE);
    const spans = [callFact('c'), turnFact('c', 0)];
    await journal.append([
      ...sentBy('acme', [callFact('c', { tags: { demo: 'true' } }), turnFact('c', 0)]),
      ...sentBy('beta', spans),
    ]);
    await new Queue(db, { finalize: (all) => finalizeCall(all, PRICES), workerId: 'test' }).take();
    const before = await storedFor(db, 'beta');
    assert.deepEqual([before.spans.length, before.calls.length, before.turns.length], [2, 1, 1]);
    // A late span of the other's call waits in the queue.
    await journal.append(sentBy('beta', [turnFact('c', 1)]));
    assert.equal(await deleteTaggedCalls(db, { demo: 'true' }), 1);
    const { spans: none, calls, turns } = await storedFor(db, 'acme');
    assert.deepEqual([none, calls, turns], [[], [], []]);
    await new Queue(db, { finalize: (all) => finalizeCall(all, PRICES), workerId: 'test' }).take();
    assert.equal((await getCallMetrics(db, 'c', 'beta'))?.turn_count, 2);
    assert.equal((await getCallLogs(db, 'c', 'beta')).length, 2);
  });

  it('the end of a call, and a late span, are of their own tenant alone', async () => {
    const db = await databases.migrated();
    const journal = new Journal(db, { finalizeDelayMs: 0, idleLimitMs: 3_600_000 });
    await journal.append(sentBy('acme', [turnFact('c', 0)]));
    await journal.append(sentBy('beta', [callFact('c')]));
    const taken = async () => (await queueOf(db).take()).finalized.map(({ rows }) => rows.metrics.tenant);
    assert.deepEqual(await taken(), ['beta'], 'the call of acme goes on');
    await journal.append(sentBy('acme', [callFact('c')]));
    assert.deepEqual(await taken(), ['acme']);
    await journal.append(sentBy('acme', [turnFact('c', 1)]));
    assert.deepEqual(await taken(), ['acme']);
    assert.equal((await getCallMetrics(db, 'c', 'beta'))?.turn_count, 0);
  });

  it('a call that cannot be computed rests for its own tenant alone', async () => {
    const db = await databases.migrated();
    await new Journal(db, AT_ONCE).append([
      ...sentBy('acme', [callFact('c')]),
      ...sentBy('beta', [callFact('c')]),
    ]);
    const queue = new Queue(db, {
      finalize: (facts) => {
        if (facts[0]?.tenant === 'acme') throw new RangeError('no');
        return countTurns(facts);
      },
      workerId: 'test',
      maxAttempts: 1,
    });
    const { failed, finalized } = await queue.take();
    assert.deepEqual(
      failed.map(({ tenant, callId, resting }) => [tenant, callId, resting]),
      [['acme', 'c', true]],
    );
    assert.equal(finalized.length, 1);
    assert.deepEqual(
      (await listRestingCalls(db)).map(({ tenant }) => tenant),
      ['acme'],
    );
    assert.deepEqual(await listRestingCalls(db, 20, ['beta']), []);
  });

  it('calls that come under one id after a gap are numbered by each tenant for itself', async () => {
    const db = await databases.migrated();
    const days = (count: number) => count * 86_400_000_000;
    const later = callFact('room');
    const again = { ...callFact('room'), startUs: later.startUs + days(2), endUs: later.endUs + days(2) };
    const journal = new Journal(db, AT_ONCE);
    await journal.append([...sentBy('acme', [later, again]), ...sentBy('beta', [later])]);
    await queueOf(db).take();
    const ids = async (tenant: string) =>
      (await listCalls(db, { tenant: [tenant] })).map(({ call_id }) => call_id).sort();
    assert.deepEqual([await ids('acme'), await ids('beta')], [['room', 'room#2'], ['room']]);
    // The two of acme become one, and the row of the second goes; another tenant's call of that very id stays.
    await journal.append(sentBy('beta', [callFact('room#2')]));
    await queueOf(db).take();
    await journal.append(sentBy('acme', [{ ...turnFact('room', 0), endUs: again.endUs }]));
    await queueOf(db).take();
    assert.deepEqual([await ids('acme'), await ids('beta')], [['room'], ['room', 'room#2']]);
  });

  it('pricing again and retention go by tenant', async () => {
    const db = await databases.migrated();
    const facts = [callFact('c'), turnFact('c', 0)];
    const queue = new Queue(db, { finalize: (call) => finalizeCall(call, PRICES), workerId: 'test' });
    const journal = new Journal(db, AT_ONCE);
    await journal.append([...facts, ...sentBy('acme', facts)]);
    await queue.take();
    const repriced = async (tenant?: string) => {
      const found: string[] = [];
      const options = {
        since: 0,
        by: 'test',
        finalize: (call: readonly Fact[]) => finalizeCall(call, PRICES),
      };
      for await (const each of reprice(db, { ...options, apply: true, ...(tenant && { tenant }) }))
        found.push(`${each.tenant}/${each.callId}: ${each.kind}`);
      return found.sort();
    };
    assert.deepEqual(await repriced(), ['acme/c: same', 'default/c: same']);
    assert.deepEqual(await repriced('acme'), ['acme/c: same']);
    // A span of the default tenant's call is new, so that call is kept; acme's is as old.
    await db.query(`UPDATE :schema.call_spans SET ended_at = now() - interval '9 days'`);
    const fresh = { ...turnFact('c', 1), startUs: Date.now() * 1e3, endUs: Date.now() * 1e3 };
    await journal.append([fresh]);
    await queue.take({ callIds: ['c'] });
    assert.equal(await deleteExpiredSpans(db, 86_400_000), 2);
    assert.deepEqual((await storedFor(db, 'acme')).spans, []);
    assert.equal((await storedFor(db, 'default')).spans.length, 3);
    assert.deepEqual(await repriced('acme'), ['acme/c: expired']);
  });

  it('what is stored for a tenant does not depend on what another one sends', async () => {
    const ids = fc.constantFrom('c', 'd');
    // Few ids, so that the two meet in calls, traces and spans.
    const fact = fc
      .record({ callId: ids, turnIndex: fc.nat(2), trace: fc.nat(1), span: fc.nat(3), day: fc.nat(1) })
      .map(({ callId, turnIndex, trace, span, day }): Fact => {
        const key = { traceId: `t${trace}`, spanId: `s${span}` };
        const made: Fact = span === 0 ? callFact(callId, key) : turnFact(callId, turnIndex, key);
        return {
          ...made,
          startUs: made.startUs + day * 86_400_000_000,
          endUs: made.endUs + day * 86_400_000_000,
        };
      });
    const step = fc.record({
      tenant: fc.constantFrom('acme', 'beta'),
      facts: fc.array(fact, { maxLength: 5 }),
    });
    const [both, acmeAlone, betaAlone] = [
      await databases.migrated(),
      await databases.migrated(),
      await databases.migrated(),
    ];
    const queueOfRows = (db: Database) =>
      new Queue(db, { finalize: (call) => finalizeCall(call, PRICES), workerId: 'test' });
    let runs = 0;
    const property = fc.asyncProperty(fc.array(step, { minLength: 2, maxLength: 8 }), async (steps) => {
      runs += 1;
      for (const { tenant, facts } of steps)
        for (const db of [both, tenant === 'acme' ? acmeAlone : betaAlone]) {
          await new Journal(db, AT_ONCE).append(sentBy(`${tenant}-${runs}`, facts));
          await queueOfRows(db).take();
        }
      for (const [tenant, alone] of [
        [`acme-${runs}`, acmeAlone],
        [`beta-${runs}`, betaAlone],
      ] as const)
        assert.deepEqual(await storedFor(both, tenant), await storedFor(alone, tenant));
    });
    await fc.assert(property, { numRuns: databases.rounds(8), endOnFailure: true });
  });
});
