import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withoutMachineLines } from '../../../demo/machine-lines.ts';
import { openPostgres } from '../../../exporter/store/postgres.ts';
import { getCallMetrics } from '../../../exporter/store/read.ts';
import { startPostgres } from '../../support/postgres.ts';
import { run } from '../../support/program.ts';

test('a carrier, and a callback of another one, give rows without a line of code', async (t) => {
  const postgres = await startPostgres();
  t.after(() => postgres.stop());
  const url = await postgres.createMigrated();
  const end = await run('plivo-agent.mjs', {
    args: ['39f8dc52-1af5-4d9f-a47a-e4d8fc0b0bd5'],
    env: { DATABASE_URL: url, OTEL_TRACES_EXPORTER: 'none', OTEL_METRICS_EXPORTER: 'none' },
  });
  assert.deepEqual([end.code, withoutMachineLines(end.stderr)], [0, '']);
  const database = openPostgres({ url });
  t.after(() => database.close());
  const call = await getCallMetrics(database, '39f8dc52-1af5-4d9f-a47a-e4d8fc0b0bd5');
  assert.deepEqual(
    [call?.direction, call?.campaign_id, call?.end_reason, call?.turn_count, call?.leg_count],
    ['inbound', 'spring', 'hangup', 1, 1],
  );
  assert.equal(call?.cost_telephony?.toFixed(), '0.0055');
  const busy = await getCallMetrics(database, 'CA0123456789abcdef0123456789abcdef');
  assert.deepEqual([busy?.outcome, busy?.outcome_source, busy?.end_reason], ['BUSY', 'sip', 'busy']);
});
