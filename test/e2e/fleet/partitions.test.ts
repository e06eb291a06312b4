import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { startGround, stopGround } from '../../support/fleet/ground.ts';
import { faultRun, type Ground } from '../../support/fleet/run.ts';
import { packageRoot } from '../../support/root.ts';

let ground: Ground;
before(async () => {
  ground = await startGround(2);
});
after(() => stopGround(ground));

/** The statements as docs/operations.md has them. */
function documented(): string {
  const page = readFileSync(join(packageRoot, 'docs/operations.md'), 'utf8');
  const [, sql] = /<!-- partitions -->\n```sql\n([\s\S]*?)```/.exec(page) ?? [];
  assert.ok(sql !== undefined, 'the page has them');
  return sql;
}

test('with the journal in partitions, as the documentation has it, rows are the same', async () => {
  const options = { workers: 2, databaseFault: 'none', outageMs: 0, spreadMs: 500, cutShare: 0.3 } as const;
  await faultRun(ground, { ...options, seed: 3_000, calls: 20 });
  await ground.db.query(documented());
  await faultRun(ground, { ...options, seed: 3_001, calls: 20 });
  const partitions = await ground.db.query(
    'SELECT tableoid, count(*) FROM earshot.call_spans GROUP BY tableoid',
  );
  assert.equal(partitions.length, 4);
});
