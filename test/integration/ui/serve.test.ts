import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startCli } from '../../support/cli.ts';
import { poll } from '../../support/poll.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const TOKEN = 'a-token-of-more-than-16-characters';

test('serve shows the page where it takes spans, behind the same token, and stops while a browser looks', async (t) => {
  const cwd = await temporaryFolder(t);
  const env = {
    EARSHOT_UI: 'true',
    EARSHOT_AUTH_TOKEN: TOKEN,
    EARSHOT_LOG_FORMAT: 'json',
    // No database is there: what is asked of it says so, and all else is as ever.
    EARSHOT_DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none',
  };
  const serve = startCli(['serve', '--port', '0'], { cwd, env });
  t.after(() => serve.kill('SIGKILL'));
  const url = await poll(() => /"url":"([^"]+)"/.exec(serve.output.stdout)?.[1]);
  const authorization = `Bearer ${TOKEN}`;
  const ask = async (path: string, init: RequestInit = {}) =>
    (await fetch(`${url}${path}`, { redirect: 'manual', ...init })).status;
  assert.equal(await ask('/calls'), 303);
  assert.equal(await ask('/login'), 200);
  assert.equal(await ask('/calls', { headers: { authorization } }), 200);
  assert.equal(await ask('/api/calls'), 401);
  assert.equal(await ask('/api/about', { headers: { authorization } }), 200);
  assert.equal(await ask('/api/calls', { headers: { authorization } }), 503);
  assert.equal(await ask('/healthz'), 200);
  assert.equal(await ask('/metrics'), 401);
  const spans = { method: 'POST', body: '{}', headers: { 'content-type': 'application/json' } };
  assert.equal(await ask('/v1/traces', spans), 401);
  assert.equal(await ask('/v1/traces', { ...spans, headers: { ...spans.headers, authorization } }), 200);
  const live = await fetch(`${url}/api/live`, { headers: { authorization } });
  assert.equal(live.status, 200);
  serve.kill('SIGTERM');
  assert.equal((await serve.ended).code, 0);
  await live.text().catch(() => {});
});
