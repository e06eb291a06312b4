import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { startServe, untilReady } from '../support/otlp-server.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';
import { packageRoot } from '../support/root.ts';

/** As OpenShift starts a container: a user that no file knows, of the group 0, without a home, in a folder it cannot write to. */
const AS = { uid: 1_000_650_000, gid: 0, cwd: '/' };

function whyNot(): string | false {
  if (process.getuid?.() !== 0) return 'only root can start a process as another user';
  const { status } = spawnSync(process.execPath, [join(packageRoot, 'dist/cli/main.js'), '--version'], AS);
  return status === 0 ? false : 'another user cannot read this checkout';
}

const skip = whyNot();
let postgres: TestPostgres;
before(async () => {
  if (skip === false) postgres = await startPostgres();
});
after(() => postgres?.stop());

test('earshot serve runs as any user, and writes no file', { skip }, async (t) => {
  const env = { HOME: '/', EARSHOT_DATABASE_URL: await postgres.createDatabase() };
  const { url, kill, ended } = await startServe(t, env, AS);
  await untilReady(url);
  kill('SIGTERM');
  const { code, stderr } = await ended;
  assert.equal(code, 0, stderr);
  assert.equal(stderr, '');
});
