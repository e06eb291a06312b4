import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmod, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createLog } from '../../../exporter/receiver/log.ts';
import { watchTokens } from '../../../exporter/receiver/watched-tokens.ts';
import { otlpRequest, otlpSpan, post } from '../../support/otlp-request.ts';
import { startServe, untilReady } from '../../support/otlp-server.ts';
import { poll } from '../../support/poll.ts';
import { startPostgres, type TestPostgres } from '../../support/postgres.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const CLI = fileURLToPath(new URL('../../../cli/main.js', import.meta.url));
const FIRST = 'first-token-of-acme';
const SECOND = 'second-token-of-acme';

let postgres: TestPostgres;
before(async () => {
  postgres = await startPostgres();
});
after(() => postgres.stop());

const tokensFile = (...tokens: object[]) => JSON.stringify(tokens);
/** At once: a file that is read while it is written is one that is broken, and one more line. */
async function replace(file: string, content: string): Promise<void> {
  await writeFile(`${file}.new`, content, { mode: 0o600 });
  await rename(`${file}.new`, file);
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

/** The watched tokens of a file, and what is logged of it. */
async function watched(t: TestContext, content: string) {
  const file = join(await temporaryFolder(t), 'tokens.json');
  await writeFile(file, content, { mode: 0o600 });
  const lines: Record<string, unknown>[] = [];
  const log = createLog({
    level: 'info',
    format: 'json',
    write: (line) => void lines.push(JSON.parse(line)),
  });
  const { tokens, stop } = await watchTokens({ file, log, everyMs: 5 });
  t.after(stop);
  const has = (token: string) => tokens.senderOf(`Bearer ${token}`) !== undefined;
  return { file, lines, has };
}

test('tokens that are added and taken away count from the next look at the file on', async (t) => {
  const { file, lines, has } = await watched(t, tokensFile({ name: 'a', token: FIRST }));
  assert.deepEqual([has(FIRST), has(SECOND)], [true, false]);
  await replace(file, tokensFile({ name: 'b', token: SECOND }));
  await poll(() => has(SECOND));
  assert.equal(has(FIRST), false);
  assert.deepEqual(
    lines.map(({ message }) => message),
    ['the tokens have changed'],
  );
});

test('a file that is touched, or written again with the same tokens, is no change', async (t) => {
  const [old, next] = [tokensFile({ name: 'a', token: FIRST }), tokensFile({ name: 'a', token: SECOND })];
  const { file, lines, has } = await watched(t, old);
  await replace(file, old);
  await utimes(file, 1, 1);
  await replace(file, next);
  await poll(() => has(SECOND));
  await replace(file, next);
  await replace(file, old);
  await poll(() => has(FIRST));
  assert.deepEqual(
    lines.map(({ message }) => message),
    ['the tokens have changed', 'the tokens have changed'],
  );
});

test('a link that is pointed elsewhere counts as a change, as Kubernetes does it', async (t) => {
  const dir = await temporaryFolder(t);
  for (const [name, token] of [
    ['old', FIRST],
    ['new', SECOND],
  ] as const)
    await writeFile(join(dir, name), tokensFile({ name: 'a', token }), { mode: 0o600 });
  const file = join(dir, 'tokens.json');
  await symlink('old', file);
  const log = createLog({ level: 'error', format: 'json', write: () => {} });
  const { tokens, stop } = await watchTokens({ file, log, everyMs: 5 });
  t.after(stop);
  await symlink('new', join(dir, 'next'));
  await rename(join(dir, 'next'), file);
  await poll(() => tokens.senderOf(`Bearer ${SECOND}`));
});

test('a new file that is broken, or gone, keeps the old tokens and is one clear line', async (t) => {
  const { file, lines, has } = await watched(t, tokensFile({ name: 'a', token: FIRST }));
  await replace(file, tokensFile({ name: 'a', token: SECOND }, { name: 'b', token: 'short' }));
  await poll(() => lines.length > 0);
  assert.deepEqual([has(FIRST), has(SECOND)], [true, false]);
  const [{ level, message, problem }] = lines as [Record<string, unknown>];
  assert.deepEqual([level, message], ['error', 'the new tokens cannot be used: those of before stay']);
  assert.equal(problem, `${file}: entry 2, token: saw 5 characters, expected 16 to 1024`);
  await rm(file);
  await poll(() => lines.length > 1);
  assert.equal(has(FIRST), true);
  assert.equal(lines[1]?.problem, `${file}: cannot be read (ENOENT)`);
  // It comes back, and is read as any other change is.
  await replace(file, tokensFile({ name: 'a', token: SECOND }));
  await poll(() => has(SECOND));
  assert.equal(lines.length, 3);
});

test('a file that other users can read is a warning', async (t) => {
  const { file, lines } = await watched(t, tokensFile({ name: 'a', token: FIRST }));
  assert.deepEqual(lines, []);
  await chmod(file, 0o644);
  await poll(() => lines.some(({ level }) => level === 'warn'));
});

test('serve takes every token of the file and the one of the environment, names them, and shows none', async (t) => {
  const file = join(await temporaryFolder(t), 'tokens.json');
  await writeFile(file, tokensFile({ name: 'first', token: FIRST }), { mode: 0o600 });
  const serve = await startServe(t, {
    DATABASE_URL: await postgres.createMigrated(),
    EARSHOT_TOKENS: file,
    EARSHOT_AUTH_TOKEN: 'the-one-of-before',
    EARSHOT_LOG_LEVEL: 'debug',
  });
  await untilReady(serve.url);
  const statusOf = async (headers: Readonly<Record<string, string>>) =>
    (await post(serve.url, otlpRequest(otlpSpan('TOKENS')), headers)).status;
  assert.equal(await statusOf({}), 401);
  assert.equal(await statusOf(bearer('none-of-the-tokens')), 401);
  assert.equal(await statusOf(bearer(FIRST)), 200);
  assert.equal(await statusOf(bearer('the-one-of-before')), 200);
  assert.equal(await statusOf(bearer(SECOND)), 401);
  await writeFile(file, tokensFile({ name: 'second', token: SECOND }));
  await poll(async () => (await statusOf(bearer(SECOND))) === 200, { what: 'the new token counts' });
  assert.equal(await statusOf(bearer(FIRST)), 401);
  assert.equal(await statusOf(bearer('the-one-of-before')), 200);
  const page = await (await fetch(`${serve.url}/metrics`, { headers: bearer(SECOND) })).text();
  assert.match(page, /^earshot_sender_spans_total\{earshot_sender_name="first"\} 1$/m);
  assert.match(page, /^earshot_sender_spans_total\{earshot_sender_name="second"\} 1$/m);
  const logged = JSON.stringify(serve.lines());
  assert.ok(serve.lines().some(({ sender }) => sender === 'first'));
  for (const secret of [FIRST, SECOND, 'the-one-of-before', 'none-of-the-tokens'])
    assert.ok(!logged.includes(secret) && !page.includes(secret), secret);
});

test('a token that is bound to a tenant reads no metrics, which are about all of them', async (t) => {
  const file = join(await temporaryFolder(t), 'tokens.json');
  const own = { name: 'operator', token: SECOND };
  await writeFile(file, tokensFile({ name: 'acme', token: FIRST, tenant: 'acme' }, own), { mode: 0o600 });
  const serve = await startServe(t, {
    DATABASE_URL: 'postgres://x@127.0.0.1:1/x',
    EARSHOT_TOKENS: file,
  });
  const statusOf = async (token: string) =>
    (await fetch(`${serve.url}/metrics`, { headers: bearer(token) })).status;
  assert.deepEqual([await statusOf(FIRST), await statusOf(SECOND)], [403, 200]);
});

test('serve does not start on a file that it cannot use, and says what is wrong with it', async (t) => {
  const file = join(await temporaryFolder(t), 'tokens.json');
  for (const [content, said] of [
    [undefined, /EARSHOT_TOKENS: \S+tokens\.json: cannot be read \(ENOENT\)/],
    ['{"s3cret', /EARSHOT_TOKENS: \S+tokens\.json: not JSON/],
    [tokensFile({ name: 'a', token: 's3cret' }), /entry 1, token: saw 6 characters, expected 16/],
  ] as const) {
    if (content !== undefined) await writeFile(file, content);
    const { status, stderr } = spawnSync(
      process.execPath,
      [CLI, 'serve', '--host', '0.0.0.0', '--port', '0'],
      {
        env: { PATH: process.env.PATH, DATABASE_URL: 'postgres://x@127.0.0.1:1/x', EARSHOT_TOKENS: file },
        encoding: 'utf8',
        timeout: 20_000,
      },
    );
    assert.equal(status, 2, stderr);
    assert.match(stderr, said);
    assert.doesNotMatch(stderr, /s3cret/);
  }
});
