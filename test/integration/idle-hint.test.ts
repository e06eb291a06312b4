import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startCall } from '../../instrumentation/index.ts';
import { hintWhenIdle } from '../../instrumentation/start/idle-hint.ts';
import { recordDiagnostics } from '../support/diagnostics.ts';
import { poll } from '../support/poll.ts';

// A file of its own: it is of what this whole process has not done.
test('an agent with nothing to follow is one line that names what that may be and the cure', async (t) => {
  const { warn } = recordDiagnostics(t);
  hintWhenIdle(1);
  await poll(() => warn.length > 0);
  assert.match(
    String(warn),
    /nothing to follow: .*bundled.* earshot\/instrument\. .*docs\/sdks\.md.* startCall.* worker/i,
  );
  startCall().end();
  hintWhenIdle(1);
  await new Promise((resolve) => setTimeout(resolve, 5));
  assert.equal(warn.length, 1);
});
