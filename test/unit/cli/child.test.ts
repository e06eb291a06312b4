import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import { test } from 'node:test';
import { NotStartedError, runCommand } from '../../../cli/watch/child.ts';

test('the exit code of a watched command is its own, or 128 and the number of the signal that ended it', async () => {
  assert.equal(await runCommand(['sh', '-c', 'exit 7'], process.env), 7);
  assert.equal(await runCommand(['sh', '-c', 'kill -TERM $$'], process.env), 143);
});

test('a command that cannot be started is one line with its name, and the code that shells have for it', async () => {
  const cases = [
    [['no-such-agent'], 127, /no command no-such-agent.*earshot watch -- node agent\.js/],
    [[tmpdir()], 126, /may not be executed/],
  ] as const;
  for (const [command, exitCode, says] of cases)
    await assert.rejects(runCommand(command, process.env), (error: unknown) => {
      assert.ok(error instanceof NotStartedError);
      assert.equal(error.exitCode, exitCode);
      assert.match(error.message, says);
      return true;
    });
});
