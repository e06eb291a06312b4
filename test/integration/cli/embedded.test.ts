import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { connectCommandDatabase } from '../../../cli/database.ts';
import { acrossOwners } from '../../../cli/embedded/again.ts';
import { addressOf } from '../../../cli/embedded/server.ts';
import type { Database, Queryable } from '../../../exporter/store/index.ts';
import { readSettings } from '../../../model/settings.ts';
import { fillPgliteFolder } from '../../support/pglite.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

/** To make a database takes longer than to open it. Too long for the path of a socket. */
let dataDir: string;
let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'earshot-embedded-'));
  dataDir = join(folder, 'folder'.repeat(20), '.earshot');
  await fillPgliteFolder(join(dataDir, 'postgres'));
});
after(() => rm(folder, { recursive: true, force: true }));

const settingsFor = (dataDir: string) => readSettings({ env: {}, overrides: { dataDir } });

test('several processes have the embedded database at once: one opens it, another goes on when that one ends', async (t) => {
  const first = await connectCommandDatabase(settingsFor(dataDir));
  t.after(() => first.close());
  await first.db.query('CREATE TABLE said (word text)');
  const second = await connectCommandDatabase(settingsFor(dataDir));
  t.after(() => second.close());
  assert.equal(second.url, first.url);
  await second.db.query("INSERT INTO said VALUES ('second')");
  // One transaction at a time: the other waits and does not come in between.
  await Promise.all(
    [first, second].map(({ db }) =>
      db.transaction(async (tx) => {
        const [before] = await tx.query<{ n: number }>('SELECT count(*)::int AS n FROM said');
        await tx.query("INSERT INTO said VALUES ('both')");
        const [after] = await tx.query<{ n: number }>('SELECT count(*)::int AS n FROM said');
        assert.equal(after?.n, (before?.n ?? 0) + 1);
      }),
    ),
  );
  await first.close();
  assert.deepEqual(await second.db.query('SELECT count(*)::int AS n FROM said'), [{ n: 3 }]);
  const owner = JSON.parse(await readFile(join(dataDir, 'lock'), 'utf8'));
  assert.equal(owner.url, second.url);
  await second.close();
  assert.equal(existsSync(join(dataDir, 'lock')), false);
});

test('a statement under way when its owner ends is sent again, the work of a transaction is not', async () => {
  const lost = () => Promise.reject(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
  const answers = [lost, lost, () => Promise.resolve([{ one: 1 }])];
  const next = () => answers.shift()?.();
  const inner = {
    query: next,
    transaction: (work: (tx: unknown) => unknown) => work({ query: next }),
    close: async () => {},
  } as unknown as Database;
  const owners = { url: '', reachable: async () => {}, close: async () => {} };
  const db = acrossOwners(inner, owners);
  assert.deepEqual(await db.query('SELECT 1 AS one'), [{ one: 1 }]);

  answers.push(lost);
  let begun = 0;
  const inTransaction = (use: (tx: Queryable) => Promise<unknown>) =>
    db.transaction((tx) => {
      begun += 1;
      return use(tx);
    });
  await assert.rejects(
    inTransaction((tx) => tx.query('SELECT 1 AS one')),
    { code: 'EPIPE', message: /^the process that had the embedded database open ended .*\(EPIPE\)\. Run / },
  );
  assert.equal(begun, 1);

  // What the work met elsewhere is not taken for that.
  await assert.rejects(
    inTransaction(() => readFile(join(dataDir, 'none', 'file'))),
    { code: 'ENOENT', syscall: 'open' },
  );
  assert.equal(begun, 2);
});

test('a program that stands still in a transaction goes on afterwards, and so does the database', async (t) => {
  const { db, close } = await connectCommandDatabase(settingsFor(dataDir), { idleInTransactionTimeoutMs: 1 });
  t.after(close);
  const answer = await db.transaction(async (tx) => {
    await tx.query('SELECT 1');
    await new Promise((resolve) => setTimeout(resolve, 50));
    return tx.query('SELECT 2 AS two');
  });
  assert.deepEqual(answer, [{ two: 2 }]);
  await close();
});

test('no other user comes to it, and what a process left that was killed is put right', async () => {
  const lock = join(dataDir, 'lock');
  const left = { host: hostname(), command: 'earshot watch', since: '2026-11-01T08:00:00Z' };
  const leftovers = [
    // A number that no process has.
    JSON.stringify({ ...left, pid: 2 ** 22 + 1 }),
    // One that another process has by now, as in a container that was started again.
    JSON.stringify({ ...left, pid: process.pid, url: 'postgres://postgres@127.0.0.1:1/postgres' }),
  ];
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  for (const text of leftovers) {
    await writeFile(lock, text);
    const database = await connectCommandDatabase(settingsFor(dataDir));
    try {
      assert.deepEqual(await database.db.query('SELECT 1 AS one'), [{ one: 1 }]);
      for (const path of [lock, socketOf(database.url)])
        assert.equal((await stat(path)).mode & 0o77, 0, path);
    } finally {
      await database.close();
    }
  }
});

test('a folder that cannot be made is refused, with what to do', { skip: !existsSync('/proc') }, async () => {
  await assert.rejects(
    connectCommandDatabase(settingsFor('/proc/none')),
    /^CommandError: \/proc\/none cannot be made \(E\w+\)\. Choose another folder with EARSHOT_DATA_DIR\.$/,
  );
});

test('a file in the place of the folder is refused, with what to do', async (t) => {
  const file = join(await temporaryFolder(t), '.earshot');
  await writeFile(file, '');
  await assert.rejects(
    connectCommandDatabase(settingsFor(file)),
    /^CommandError: .*\.earshot is no folder\. Choose another one with EARSHOT_DATA_DIR\.$/,
  );
});

test('a folder that a process of another machine holds is refused, with its name and what to do', async (t) => {
  const dataDir = join(await temporaryFolder(t), '.earshot');
  await mkdir(dataDir);
  const owner = { pid: 7, host: 'elsewhere', command: 'earshot watch', since: '2026-11-01T08:00:00Z' };
  await writeFile(join(dataDir, 'lock'), JSON.stringify(owner));
  await assert.rejects(connectCommandDatabase(settingsFor(dataDir)), (error: Error) => {
    assert.match(
      error.message,
      /in use by process 7 on elsewhere \(earshot watch\).*EARSHOT_DATA_DIR.*lock/s,
    );
    return true;
  });
});

function socketOf(url: string): string {
  const address = addressOf(url);
  assert.ok('path' in address);
  return address.path;
}
