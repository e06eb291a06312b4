import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { openPostgres, writeCallRows } from '../../../exporter/store/index.ts';
import { exportRows } from '../../../exporter/warehouse/index.ts';
import { openPlace } from '../../../storage/open-place.ts';
import type { Place } from '../../../storage/place.ts';
import { logRow, metricsRow, REFERENCE_US } from '../../support/call-rows.ts';
import { sharedPostgres } from '../../support/databases.ts';
import { type S3Simulator, startS3 } from '../../support/simulators/s3.ts';
import { storedVersions } from '../../support/warehouse.ts';

const shared = sharedPostgres();
after(() => shared.leave());

const OPTIONS = { format: 'jsonl', since: REFERENCE_US, until: REFERENCE_US + 1, marginMs: 0 } as const;

/** The place until its so-many-th step, from which on nothing is done any more. */
function dyingAt(place: Place, step: number): Place {
  let steps = 0;
  return new Proxy(place, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== 'function') return member;
      return (...args: unknown[]) => {
        steps += 1;
        if (steps >= step) return Promise.reject(new Error('The process is dead.'));
        return member.apply(target, args) as unknown;
      };
    },
  });
}

/** The versions of calls and turns that are in the files of a bucket, as `storedVersions` has them. */
function versionsIn({ objects }: S3Simulator) {
  const rowsOf = (table: string) =>
    [...objects].flatMap(([key, { bytes }]) =>
      key.startsWith(`out/${table}/`)
        ? bytes
            .toString('utf8')
            .trim()
            .split('\n')
            .map((line) => JSON.parse(line) as { call_id: string; turn_index: number; finalized_at: string })
        : [],
    );
  const us = (text: string) =>
    String(Date.parse(`${text.slice(0, 19)}Z`) * 1_000 + Number((text.slice(20, -1) || '0').padEnd(6, '0')));
  return {
    calls: rowsOf('call_metrics')
      .map((row) => `${row.call_id}@${us(row.finalized_at)}`)
      .sort(),
    turns: rowsOf('call_logs')
      .map((row) => `${row.call_id}#${row.turn_index}@${us(row.finalized_at)}`)
      .sort(),
  };
}

test('an export into a bucket that dies at any step is made good by the next, and one that another made is refused', async (t) => {
  const db = openPostgres({ url: await (await shared.running()).createMigrated() });
  t.after(() => db.close());
  const rows = ['CA1', 'CA2', 'CA3'].map((callId) => ({
    metrics: metricsRow(callId, { started_at: REFERENCE_US, turn_count: 1 }),
    logs: [logRow(callId, 0)],
  }));
  await db.transaction((tx) => writeCallRows(tx, rows, 'test'));
  for (let step = 1; ; step += 1) {
    const s3 = await startS3(t);
    Object.assign(process.env, s3.env);
    const place = await openPlace(`s3://${s3.bucket}/out`);
    const died = await exportRows(db, { ...OPTIONS, to: dyingAt(place, step) }).then(
      () => false,
      (error: Error) => error.message === 'The process is dead.',
    );
    await exportRows(db, { ...OPTIONS, to: place });
    assert.deepEqual(versionsIn(s3), await storedVersions(db), `died at step ${step}`);
    const left = [...s3.objects.keys()].filter((key) => key.startsWith('out/_tmp'));
    assert.deepEqual(left, [], `died at step ${step}`);
    if (died) continue;
    assert.ok(step > 10, 'steps were counted');
    // As another process that has written the same batch meanwhile.
    const [manifest] = [...s3.objects.keys()].filter((key) => key.includes('_manifest'));
    assert.equal(await place.putOnce(manifest?.slice('out/'.length) ?? '', 'mine'), false);
    return;
  }
});
