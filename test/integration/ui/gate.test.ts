import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Database } from '../../../exporter/store/index.ts';
import { readSettings } from '../../../model/settings.ts';
import { servePage } from '../../../ui/server/index.ts';

/** Who may ask does not depend on what there is. */
const NOTHING: Database = {
  query: async () => [],
  transaction: (work) => work(NOTHING),
  close: async () => {},
};
const TOKEN = 'a-token-of-more-than-16-characters';

describe('a page with a token', () => {
  let page: Awaited<ReturnType<typeof servePage>>;
  before(async () => {
    page = await servePage({
      db: NOTHING,
      settings: readSettings({ env: { EARSHOT_AUTH_TOKEN: TOKEN } }),
      host: '127.0.0.1',
      port: 0,
      onError: assert.fail,
    });
  });
  after(() => page.close());

  const ask = (path: string, init: RequestInit = {}) =>
    fetch(`${page.url}${path}`, { redirect: 'manual', ...init });
  const logIn = (token: string, headers: Record<string, string> = {}) =>
    ask('/login', { method: 'POST', body: new URLSearchParams({ token }), headers });

  test('shows its form to anyone and nothing else', async () => {
    const home = await ask('/calls');
    assert.equal(home.status, 303);
    assert.equal(home.headers.get('location'), '/login');
    assert.equal((await ask('/api/calls')).status, 401);
    assert.equal((await ask('/api/live')).status, 401);
    const form = await ask('/login');
    assert.equal(form.status, 200);
    assert.match(await form.text(), /<form method="post" action="\/login">/);
    assert.match(form.headers.get('content-security-policy') ?? '', /default-src 'none'/);
  });

  test('lets in who shows the token, by a cookie that scripts cannot read, or by a header', async () => {
    assert.equal((await ask('/api/calls', { headers: { authorization: `Bearer ${TOKEN}` } })).status, 200);
    const answer = await logIn(TOKEN);
    assert.equal(answer.status, 303);
    assert.equal(answer.headers.get('location'), '/');
    const set = answer.headers.get('set-cookie') ?? '';
    assert.match(set, /HttpOnly; SameSite=Strict/);
    assert.ok(!set.includes(TOKEN));
    const cookie = set.split(';')[0] ?? '';
    assert.equal((await ask('/api/calls', { headers: { cookie } })).status, 200);
    assert.equal((await ask('/calls', { headers: { cookie } })).status, 200);
    const out = await ask('/logout', { method: 'POST', headers: { cookie } });
    assert.match(out.headers.get('set-cookie') ?? '', /Max-Age=0/);
  });

  test('a form of another site logs no one in', async () => {
    assert.equal((await logIn(TOKEN, { origin: 'https://other.example' })).status, 403);
    assert.equal((await logIn(TOKEN, { origin: page.url })).status, 303);
  });

  test('after five wrong tokens one has to wait, with the right one too', async () => {
    const cookie = (await logIn(TOKEN)).headers.get('set-cookie')?.split(';')[0] ?? '';
    const show = (token: string) => ask('/api/calls', { headers: { authorization: `Bearer ${token}` } });
    for (let i = 0; i < 3; i++)
      assert.equal((await logIn(`wrong ${i}`)).headers.get('location'), '/login?wrong');
    for (let i = 0; i < 2; i++) assert.equal((await show(`wrong ${i}`)).status, 401);
    for (const answer of [await logIn(TOKEN), await show(TOKEN)]) {
      assert.equal(answer.status, 429);
      assert.ok(Number(answer.headers.get('retry-after')) > 0);
    }
    // Who is in stays in.
    assert.equal((await ask('/api/calls', { headers: { cookie } })).status, 200);
  });
});
