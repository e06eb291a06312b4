import assert from 'node:assert/strict';
import { chmodSync, chownSync, linkSync, lstatSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { findPrivate, makePrivate, NotPrivateError } from '../../../exporter/spool/private-folder.ts';
import { Spool } from '../../../exporter/spool/spool.ts';
import { toLine } from '../../../exporter/spool/spool-line.ts';
import { turnFact } from '../../support/call-rows.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

/** Only root can give a file to another user. */
const asRoot = { skip: process.getuid?.() === 0 ? false : 'needs root: run it with sudo' };
const NEIGHBOUR = 12_345;
const abandoned = 'elsewhere-1-1767225600000-0123abcd.0.ndjson';

test('a folder is made for this user alone, with all that is missing above it', async (t) => {
  const path = join(await temporaryFolder(t), 'a', 'b');
  assert.equal(makePrivate({ path }), path);
  assert.equal(lstatSync(path).mode & 0o777, 0o700);
  assert.equal(findPrivate({ path }), path);
  assert.equal(findPrivate({ path: `${path}/none` }), undefined);
});

test('a place where no folder can be made is an error, and not a process that hangs', () => {
  assert.throws(() => makePrivate({ path: '/proc/none/spool', named: true }), { code: 'ENOENT' });
});

test('a folder that others could read is closed to them', async (t) => {
  const path = join(await temporaryFolder(t), 'open');
  mkdirSync(path, { mode: 0o777 });
  chmodSync(path, 0o777);
  makePrivate({ path, named: true });
  assert.equal(lstatSync(path).mode & 0o777, 0o700);
});

test('a link in its place is refused, named or not', async (t) => {
  const root = await temporaryFolder(t);
  mkdirSync(join(root, 'elsewhere'));
  symlinkSync(join(root, 'elsewhere'), join(root, 'spool'));
  for (const named of [true, false])
    assert.throws(() => makePrivate({ path: join(root, 'spool'), named }), NotPrivateError);
});

test('a folder above that others can write to is refused, unless it is sticky or the user named the folder', async (t) => {
  const root = join(await temporaryFolder(t), 'shared');
  mkdirSync(root);
  const path = join(root, 'spool');
  chmodSync(root, 0o777);
  assert.throws(() => makePrivate({ path }), /other users can write to it/);
  assert.equal(makePrivate({ path, named: true }), path);
  chmodSync(root, 0o1777);
  assert.equal(makePrivate({ path }), path);
});

test("a neighbor's folder is refused, and one below it", asRoot, async (t) => {
  const path = join(await temporaryFolder(t), 'theirs');
  mkdirSync(path);
  chownSync(path, NEIGHBOUR, NEIGHBOUR);
  assert.throws(() => makePrivate({ path, named: true }), /belongs to the user 12345/);
  assert.throws(() => makePrivate({ path: join(path, 'spool') }), /belongs to the user 12345/);
});

test(
  'a spool that cannot use its first folder uses the next, and one with none says what to do',
  asRoot,
  async (t) => {
    const root = await temporaryFolder(t);
    const theirs = join(root, 'theirs');
    mkdirSync(theirs);
    chownSync(theirs, NEIGHBOUR, NEIGHBOUR);
    const spool = new Spool({ folders: [{ path: theirs }, { path: join(root, 'mine') }], maxBytes: 1e6 });
    assert.equal(await spool.append([turnFact('C1', 0)]), 1);
    assert.equal(spool.dir, join(root, 'mine'));
    const none = new Spool({ folders: [{ path: theirs }], maxBytes: 1e6 });
    await assert.rejects(none.append([turnFact('C1', 0)]), /EARSHOT_SPOOL_DIR/);
    assert.equal(await none.claim(), 0);
  },
);

test(
  "a neighbor's file, a link and a file with two names are not claimed: their rows would be planted",
  asRoot,
  async (t) => {
    const dir = await temporaryFolder(t);
    const line = toLine(turnFact('FORGED', 0));
    const planted = join(dir, abandoned);
    const spool = new Spool({ folders: [{ path: dir, named: true }], maxBytes: 1e6 });
    const later = Date.now() + 3_600_000;

    writeFileSync(planted, line);
    chownSync(planted, NEIGHBOUR, NEIGHBOUR);
    assert.equal(await spool.claim(later), 0);

    chownSync(planted, 0, 0);
    linkSync(planted, join(dir, 'second-name'));
    symlinkSync(planted, join(dir, abandoned.replace('.0.', '.1.')));
    assert.equal(await spool.claim(later), 0);
  },
);
