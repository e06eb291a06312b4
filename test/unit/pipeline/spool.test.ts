import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import {
  appendFile,
  chmod,
  mkdir,
  readdir,
  readFile,
  rename,
  stat,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { PipelineMetrics } from '../../../exporter/metrics/pipeline-metrics.ts';
import { keepReplaying } from '../../../exporter/spool/replayer.ts';
import { Spool } from '../../../exporter/spool/spool.ts';
import { goesWithContainer } from '../../../exporter/spool/volatile.ts';
import type { Fact } from '../../../model/facts.ts';
import { turnFact } from '../../support/call-rows.ts';
import { poll } from '../../support/poll.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const MAX_BYTES = 10_000_000;
const facts = (count: number): Fact[] => Array.from({ length: count }, (_, index) => turnFact('C1', index));

/** Everything that the spool gives, each piece let go of. */
async function replayAll(spool: Spool): Promise<{ facts: Fact[]; corrupt: number }> {
  const all: Fact[] = [];
  let corrupt = 0;
  for (let piece = await spool.next(); piece !== undefined; piece = await spool.next()) {
    all.push(...piece.facts);
    corrupt += piece.corrupt;
    await piece.done();
  }
  return { facts: all, corrupt };
}

/** A process id that was someone's a moment ago. */
function deadPid(): number {
  const { pid } = spawnSync(process.execPath, ['--version']);
  return pid;
}

const host = hostname()
  .replace(/[^\w.]/g, '_')
  .slice(0, 64);
const foreignFile = (pid: number) => `${host}-${pid}-1767225600000-0123abcd.0.ndjson`;

test('facts come back as they went in, oldest first, and their file is gone', async (t) => {
  const dir = await temporaryFolder(t);
  const spool = new Spool({ folders: [{ path: dir, named: true }], maxBytes: MAX_BYTES });
  const given = facts(700);
  assert.equal(spool.pending, false);
  assert.equal(await spool.append(given.slice(0, 400)), 400);
  assert.equal(await spool.append(given.slice(400)), 300);
  assert.equal(spool.pending, true);
  assert.deepEqual(await replayAll(spool), { facts: given, corrupt: 0 });
  assert.equal(spool.pending, false);
  assert.deepEqual(await readdir(dir), []);
});

test('facts that are given at the same time are all kept, and the cap holds over them', async (t) => {
  for (let round = 0; round < 50; round += 1) {
    const dir = await temporaryFolder(t);
    const spool = new Spool({ folders: [{ path: dir, named: true }], maxBytes: MAX_BYTES });
    const given = facts(9);
    const stored = await Promise.all([0, 3, 6].map((start) => spool.append(given.slice(start, start + 3))));
    assert.deepEqual(stored, [3, 3, 3]);
    assert.deepEqual(await replayAll(spool), { facts: given, corrupt: 0 });
  }
  const dir = await temporaryFolder(t);
  const spool = new Spool({ folders: [{ path: dir, named: true }], maxBytes: 600 });
  await Promise.all([0, 1, 2, 3].map(() => spool.append(facts(3))));
  const sizes = await Promise.all((await readdir(dir)).map((name) => stat(join(dir, name))));
  const bytes = sizes.reduce((sum, { size }) => sum + size, 0);
  assert.ok(bytes > 0 && bytes <= 600, `${bytes} bytes`);
});

test('a piece that was not let go of is given again', async (t) => {
  const spool = new Spool({
    folders: [{ path: await temporaryFolder(t), named: true }],
    maxBytes: MAX_BYTES,
  });
  const given = facts(3);
  await spool.append(given);
  assert.deepEqual((await spool.next())?.facts, given);
  assert.deepEqual((await spool.next())?.facts, given);
});

test('a file of several megabytes is read in pieces, and nothing is lost between them', async (t) => {
  const dir = await temporaryFolder(t);
  const spool = new Spool({ folders: [{ path: dir, named: true }], maxBytes: MAX_BYTES });
  const given = Array.from({ length: 5_000 }, (_, index) =>
    turnFact('C1', index, { userText: 'ü'.repeat(300) }),
  );
  await spool.append(given);
  let pieces = 0;
  const seen: Fact[] = [];
  for (let piece = await spool.next(); piece !== undefined; piece = await spool.next()) {
    pieces += 1;
    seen.push(...piece.facts);
    await piece.done();
  }
  assert.ok(pieces > 2, `${pieces} pieces`);
  assert.deepEqual(seen, given);
});

test('only this user can read what is in the spool', { skip: process.platform === 'win32' }, async (t) => {
  const dir = join(await temporaryFolder(t), 'spool');
  await mkdir(dir, { mode: 0o755 });
  await chmod(dir, 0o755);
  const spool = new Spool({ folders: [{ path: dir, named: true }], maxBytes: MAX_BYTES });
  await spool.append(facts(1));
  const [name = ''] = await readdir(dir);
  assert.equal((await stat(dir)).mode & 0o777, 0o700);
  assert.equal((await stat(join(dir, name))).mode & 0o777, 0o600);
});

test('a spool that is not a folder is refused', async (t) => {
  const dir = join(await temporaryFolder(t), 'file');
  await writeFile(dir, '');
  await assert.rejects(
    new Spool({ folders: [{ path: dir, named: true }], maxBytes: MAX_BYTES }).append(facts(1)),
  );
});

test('the cap holds over all files of the folder', async (t) => {
  const dir = await temporaryFolder(t);
  const [fact] = facts(1) as [Fact];
  const lineBytes = JSON.stringify(fact).length + 1;
  await writeFile(join(dir, 'of-another.ndjson'), 'x'.repeat(lineBytes * 7));
  const spool = new Spool({ folders: [{ path: dir, named: true }], maxBytes: lineBytes * 10 + 5 });
  assert.equal(await spool.append([fact, fact]), 2);
  assert.equal(await spool.append([fact, fact]), 1);
  assert.equal(spool.appendSync([fact]), 0);
  assert.equal((await replayAll(spool)).facts.length, 3);
});

test('lines that are not facts are kept aside and do not hold up the others', async (t) => {
  const dir = await temporaryFolder(t);
  const [a, b] = facts(2) as [Fact, Fact];
  const name = foreignFile(deadPid());
  const cutOff = JSON.stringify(b).slice(0, 40);
  const noTenant = JSON.stringify({ ...a, tenant: 'a/b' });
  await writeFile(
    join(dir, name),
    `${JSON.stringify(a)}\nnonsense\n{"type":"turn"}\n\n${noTenant}\n${JSON.stringify(b)}\n${cutOff}`,
  );
  const spool = new Spool({ folders: [{ path: dir, named: true }], maxBytes: MAX_BYTES });
  assert.equal(await spool.claim(), 1);
  assert.deepEqual(await replayAll(spool), { facts: [a, b], corrupt: 4 });
  const [bad = '', ...others] = await readdir(dir);
  assert.deepEqual(others, []);
  assert.match(bad, /\.ndjson\.bad$/);
  assert.equal(await readFile(join(dir, bad), 'utf8'), `nonsense\n{"type":"turn"}\n${noTenant}\n${cutOff}\n`);
});

test('files of processes that are gone are claimed by one, those of living ones by none', async (t) => {
  const dir = await temporaryFolder(t);
  const [a, b] = facts(2) as [Fact, Fact];
  await writeFile(join(dir, foreignFile(deadPid())), `${JSON.stringify(a)}\n`);
  await writeFile(join(dir, foreignFile(process.ppid)), `${JSON.stringify(b)}\n`);
  await writeFile(join(dir, 'notes.txt'), 'not ours');
  const spools = [1, 2, 3].map(
    () => new Spool({ folders: [{ path: dir, named: true }], maxBytes: MAX_BYTES }),
  );
  const claimed = await Promise.all(spools.map((spool) => spool.claim()));
  assert.equal(
    claimed.reduce((sum, count) => sum + count, 0),
    1,
  );
  const replayed = await Promise.all(spools.map(replayAll));
  assert.deepEqual(
    replayed.flatMap((each) => each.facts),
    [a],
  );
});

test('a file that no one has touched for five minutes is claimed whatever its name says', async (t) => {
  const dir = await temporaryFolder(t);
  const path = join(dir, foreignFile(process.ppid));
  await writeFile(path, `${JSON.stringify(facts(1)[0])}\n`);
  const spool = new Spool({ folders: [{ path: dir, named: true }], maxBytes: MAX_BYTES });
  const old = new Date(Date.now() - 6 * 60_000);
  await utimes(path, old, old);
  assert.equal(await spool.claim(), 1);
  assert.equal((await replayAll(spool)).facts.length, 1);
});

test('files that their owner has given up are claimed at once, from any machine', async (t) => {
  const dir = await temporaryFolder(t);
  const leaving = new Spool({ folders: [{ path: dir, named: true }], maxBytes: MAX_BYTES });
  leaving.appendSync(facts(2));
  const staying = new Spool({ folders: [{ path: dir, named: true }], maxBytes: MAX_BYTES });
  assert.equal(await staying.claim(), 0);
  leaving.releaseSync();
  const [name = ''] = await readdir(dir);
  await rename(join(dir, name), join(dir, name.replace(/^[\w.]+-\d+-/, 'elsewhere-1-')));
  assert.equal(await staying.claim(), 1);
  assert.equal((await replayAll(staying)).facts.length, 2);
});

test('what others have left comes to the database of a process without a spool, and stays until it is there', async (t) => {
  const dir = await temporaryFolder(t);
  const leaving = new Spool({ folders: [{ path: dir, named: true }], maxBytes: MAX_BYTES });
  leaving.appendSync(facts(3));
  leaving.releaseSync();
  const metrics = new PipelineMetrics();
  t.after(() => metrics.shutdown());
  let attempts = 0;
  const written: Fact[] = [];
  const replay = (write: (facts: readonly Fact[]) => Promise<void>) =>
    keepReplaying({ folders: [{ path: dir, named: true }], maxBytes: MAX_BYTES, metrics, write });
  const away = replay(async () => {
    attempts += 1;
    throw new Error('the database is away');
  });
  await poll(() => attempts > 0);
  await away();
  const back = replay(async (facts) => void written.push(...facts));
  await poll(async () => (await readdir(dir)).length === 0);
  await back();
  assert.equal(written.length, 3);
});

test('a folder in memory, or on the container’s own file system, goes with the container', () => {
  assert.equal(goesWithContainer('/no/such/folder'), true);
  if (existsSync('/dev/shm')) assert.equal(goesWithContainer('/dev/shm/earshot'), true);
  if (existsSync('/proc/self')) assert.equal(goesWithContainer('/proc/self'), false);
});

test('a file of this process id from before it started is of a process that is gone', async (t) => {
  const dir = await temporaryFolder(t);
  await writeFile(join(dir, foreignFile(process.pid)), `${JSON.stringify(facts(1)[0])}\n`);
  assert.equal(await new Spool({ folders: [{ path: dir, named: true }], maxBytes: MAX_BYTES }).claim(), 1);
});

test('facts at exit go to a file of their own: the last write of before may be half done', async (t) => {
  const dir = await temporaryFolder(t);
  const spool = new Spool({ folders: [{ path: dir, named: true }], maxBytes: MAX_BYTES });
  const [a, b] = facts(2) as [Fact, Fact];
  await spool.append([a]);
  const [name = ''] = await readdir(dir);
  await appendFile(join(dir, name), '{"half');
  spool.appendSync([b]);
  assert.equal((await readdir(dir)).length, 2);
  assert.deepEqual(await replayAll(spool), { facts: [a, b], corrupt: 1 });
});

test('what is being written is not deleted by a replay that runs at the same time', async (t) => {
  const spool = new Spool({
    folders: [{ path: await temporaryFolder(t), named: true }],
    maxBytes: MAX_BYTES,
  });
  const given = facts(2_000);
  const seen: Fact[] = [];
  let stored = false;
  const storing = spool.append(given).finally(() => {
    stored = true;
  });
  while (!stored || spool.pending) {
    const piece = await spool.next();
    seen.push(...(piece?.facts ?? []));
    await piece?.done();
    await new Promise(setImmediate);
  }
  assert.equal(await storing, given.length);
  assert.deepEqual(seen, given);
});

test('a spool whose file was taken from it goes on with a new one', async (t) => {
  const dir = await temporaryFolder(t);
  const spool = new Spool({ folders: [{ path: dir, named: true }], maxBytes: MAX_BYTES });
  const [a, b] = facts(2) as [Fact, Fact];
  await spool.append([a]);
  const [name = ''] = await readdir(dir);
  await rename(join(dir, name), join(dir, 'elsewhere'));
  await spool.append([b]);
  assert.deepEqual((await replayAll(spool)).facts, [b]);
});
