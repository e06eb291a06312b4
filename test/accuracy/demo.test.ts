import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertUnlessStarved } from '../support/accuracy.ts';
import { runCli } from '../support/cli.ts';
import { watchStalls } from '../support/stalls.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

test('the demo says something within 5 seconds, and takes less than 60', async (t) => {
  const stalls = watchStalls();
  const demo = await runCli(['demo', '--json'], { cwd: await temporaryFolder(t) });
  assert.equal(demo.code, 0, demo.stderr);
  t.diagnostic(
    `first output after ${demo.firstOutputMs?.toFixed(0)} ms, end after ${demo.durationMs.toFixed(0)} ms`,
  );
  assertUnlessStarved(stalls, () => {
    assert.ok(demo.firstOutputMs !== undefined && demo.firstOutputMs < 5_000);
    assert.ok(demo.durationMs < 60_000);
  });
});
