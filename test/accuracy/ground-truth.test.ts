import { test } from 'node:test';
import { openPostgres } from '../../exporter/store/index.ts';
import { assertAccurate } from '../support/accuracy.ts';
import { compareRun } from '../support/compared-calls.ts';
import { startPostgres } from '../support/postgres.ts';

// Requests take the HTTP client some milliseconds that no server sees; between audio and message is nothing.
const BOUNDS = {
  mostErrorMs: 20,
  mostExcused: 0.1,
  median: { columns: ['eou_latency', 'ttfb_stt', 'latency_stt'], mostMs: 5 },
} as const;

test(`the latencies of four calls at once are within ${BOUNDS.mostErrorMs} ms of what caller and providers saw, the median error under ${BOUNDS.median.mostMs} ms`, async (t) => {
  const postgres = await startPostgres();
  t.after(() => postgres.stop());
  const url = await postgres.createDatabase();
  const db = openPostgres({ url });
  try {
    await assertAccurate(t, BOUNDS, () => compareRun(url, db));
  } finally {
    await db.close();
  }
});
