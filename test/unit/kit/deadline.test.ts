import assert from 'node:assert/strict';
import { stat } from 'node:fs/promises';
import { test } from 'node:test';
import { limit } from '../../../exporter/kit/deadline.ts';

/** Longer than the limit of the tests. */
const STANDSTILL_MS = 300;

/** As a process does that loads a large module. */
function standStill(): void {
  const untilMs = performance.now() + STANDSTILL_MS;
  while (performance.now() < untilMs);
}

test('what never answers is given up after its time, and named', async () => {
  const beganMs = performance.now();
  const never = new Promise<never>(() => {});
  const alive = setInterval(() => {}, 1_000);
  await assert.rejects(limit(40, 'connecting to the database', never), {
    code: 'EARSHOT_TIMEOUT',
    message: 'connecting to the database: no answer within 40 ms.',
  });
  clearInterval(alive);
  assert.ok(performance.now() - beganMs >= 39);
});

test('an answer that comes while the process stands still is seen when it goes on', async () => {
  const answer = stat('.');
  const limited = limit(STANDSTILL_MS / 3, 'looking', answer);
  standStill();
  assert.ok((await limited).isDirectory());
});

test('an error is passed on', async () => {
  await assert.rejects(limit(1_000, 'looking', Promise.reject(new Error('gone'))), /gone/);
});
