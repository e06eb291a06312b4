import assert from 'node:assert/strict';
import { it } from 'node:test';
import {
  type Database,
  getCallFacts,
  getCallMetrics,
  Journal,
  Queue,
} from '../../../exporter/store/index.ts';
import type { TurnFact } from '../../../model/facts.ts';
import { countTurns, REFERENCE_US, turnFact } from '../../support/call-rows.ts';
import { onEachDatabase } from '../../support/databases.ts';

const AT_ONCE = { finalizeDelayMs: 0, idleLimitMs: 0 };
const HOUR_US = 3_600_000_000;

/** A turn of one second, so many hours after the first. */
const turnAfter = (hours: number, lengthHours = 0): TurnFact => ({
  ...turnFact('caller', hours * 10),
  spanId: `after-${hours}-${lengthHours}`,
  startUs: REFERENCE_US + hours * HOUR_US,
  endUs: REFERENCE_US + (hours + lengthHours) * HOUR_US + 1_000_000,
});

async function callsAfter(db: Database, ...facts: TurnFact[]): Promise<(number | undefined)[]> {
  await new Journal(db, AT_ONCE).append(facts);
  await new Queue(db, { finalize: countTurns, workerId: 'test' }).take();
  const rows = await Promise.all(
    ['caller', 'caller#2', 'caller#3', 'caller#4'].map((id) => getCallMetrics(db, id)),
  );
  return rows.map((row) => row?.turn_count);
}

onEachDatabase((databases) => {
  it('an id that is used again after an hour is another call; spans that come late join, number and part them again', async () => {
    const db = await databases.migrated();
    assert.deepEqual(await callsAfter(db, turnAfter(0), turnAfter(72)), [1, 1, undefined, undefined]);
    assert.deepEqual(await callsAfter(db, turnAfter(72.5)), [1, 2, undefined, undefined]);
    assert.deepEqual(await callsAfter(db, turnAfter(40), turnAfter(20)), [1, 1, 1, 2]);
    // The facts of one call, whatever its number.
    const starts = async (id: string) => (await getCallFacts(db, id)).map(({ startUs }) => startUs);
    assert.deepEqual(await starts('caller'), [REFERENCE_US]);
    assert.deepEqual((await starts('caller#4')).length, 2);
    assert.deepEqual(await starts('caller#5'), []);
    // It was open all the while.
    assert.deepEqual(await callsAfter(db, turnAfter(19, 54)), [1, 5, undefined, undefined]);
  });

  it('an id that is the numbered one of another call holds up neither of them, nor any other', async () => {
    const db = await databases.migrated();
    const facts = [turnAfter(0), turnAfter(72), turnFact('caller#2', 0), turnFact('innocent', 0)];
    await new Journal(db, AT_ONCE).append(facts);
    const queue = new Queue(db, { finalize: countTurns, workerId: 'test' });
    await queue.take();
    assert.deepEqual(await queue.state(), { waiting: 0, resting: 0 });
    assert.ok(await getCallMetrics(db, 'innocent'));
    assert.ok(await getCallMetrics(db, 'caller'));
  });
});
