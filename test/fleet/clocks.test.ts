import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startGround, stopGround } from '../support/fleet/ground.ts';
import { faultRun, type Ground } from '../support/fleet/run.ts';

let ground: Ground;
before(async () => {
  ground = await startGround(3, {
    env: { NODE_OPTIONS: `--import=${import.meta.resolve('../support/clock-steps.js')}` },
  });
});
after(() => stopGround(ground));

test('workers whose clocks step to and fro make the rows that others make, and as soon', async () => {
  await faultRun(ground, {
    seed: 4_000,
    calls: 30,
    workers: 3,
    killEveryMs: 900,
    lapseClaims: true,
    databaseFault: 'restart',
    outageMs: 0,
    spreadMs: 1_800,
    cutShare: 0.3,
  });
  // Or the test would show nothing: the lines of their logs are not in order.
  const times = ground.fleet
    .workers()
    .flatMap((worker) => worker.lines().map(({ time }) => Date.parse(String(time))));
  const farthestMs = Math.max(...times.map((timeMs) => Math.abs(timeMs - Date.now())));
  assert.ok(farthestMs > 3_000_000, `${farthestMs} ms`);
});
