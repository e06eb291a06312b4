import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { sweepRecordings } from '../../../recordings/sweep.ts';
import { Folder } from '../../../storage/folder.ts';
import { writeRecording } from '../../support/recordings/write.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const DAY_MS = 86_400_000;
const NOW_MS = Date.parse('2026-11-29T12:00:00Z');
const daysAgo = (days: number) => (NOW_MS - days * DAY_MS) * 1_000;

test('what has expired goes, with all that is beside it; what was not made here stays', async (t) => {
  const folder = await temporaryFolder(t);
  const write = (callId: string, startUs: number, tenant?: string) =>
    writeRecording({ folder, callId, startUs, seconds: 1, ...(tenant && { tenant }) });
  const old = await write('old', daysAgo(31));
  const young = await write('young', daysAgo(29));
  const acme = await write('old', daysAgo(31), 'acme');
  // Of a call that went on in a second stream, the newer one counts.
  const both = await write('both', daysAgo(31));
  await write('both', daysAgo(1));
  await writeFile(join(folder, 'notes.txt'), 'mine');
  await mkdir(join(folder, 'ab', 'mine'), { recursive: true });
  const deleted = await sweepRecordings({ place: new Folder(folder), retentionMs: 30 * DAY_MS }, NOW_MS);
  assert.equal(deleted, 2);
  assert.deepEqual(
    [old, young, acme, both].map(({ into }) => existsSync(into)),
    [false, true, false, true],
  );
  assert.ok(existsSync(join(folder, 'notes.txt')) && existsSync(join(folder, 'ab', 'mine')));
});

test('what says that it began in the future is as old as its files, so that it does not stay forever', async (t) => {
  const folder = await temporaryFolder(t);
  const of = (callId: string) => writeRecording({ folder, callId, startUs: daysAgo(-3_650), seconds: 1 });
  const [old, young] = [await of('old'), await of('young')];
  const options = { place: new Folder(folder), retentionMs: 30 * DAY_MS };
  for (const name of await readdir(old.into))
    await utimes(join(old.into, name), NOW_MS / 1e3, NOW_MS / 1e3 - 31 * 86_400);
  for (const name of await readdir(young.into))
    await utimes(join(young.into, name), NOW_MS / 1e3, NOW_MS / 1e3 - 86_400);
  assert.equal(await sweepRecordings(options, NOW_MS), 1);
  assert.deepEqual(
    [old, young].map(({ into }) => existsSync(into)),
    [false, true],
  );
});

test('the recording of a call that was deleted goes a day after it began, and is asked for by its tenant', async (t) => {
  const folder = await temporaryFolder(t);
  const write = (callId: string, startUs: number, tenant?: string) =>
    writeRecording({ folder, callId, startUs, seconds: 1, ...(tenant && { tenant }) });
  const gone = await write('gone', daysAgo(2));
  const kept = await write('kept', daysAgo(2));
  const fresh = await write('gone too', daysAgo(0.5));
  const acme = await write('gone', daysAgo(2), 'acme');
  const asked: [string, string[]][] = [];
  await sweepRecordings(
    {
      place: new Folder(folder),
      retentionMs: 30 * DAY_MS,
      deleted: async (tenant, callIds) => {
        asked.push([tenant, [...callIds]]);
        return new Set(tenant === 'default' ? ['gone', 'someone else’s'] : []);
      },
    },
    NOW_MS,
  );
  assert.deepEqual(
    [gone, kept, fresh, acme].map(({ into }) => existsSync(into)),
    [false, true, true, true],
  );
  assert.ok(!asked.some(([, ids]) => ids.includes('gone too')));
  assert.deepEqual(asked.find(([tenant]) => tenant === 'acme')?.[1], ['gone']);
});

test('a pipe among recordings is no file, and no one waits for it', {
  skip: process.platform === 'win32' && 'Windows has no named pipes in folders',
}, async (t) => {
  const folder = await temporaryFolder(t);
  execFileSync('mkfifo', [join(folder, 'pipe.ogg')]);
  assert.equal(await new Folder(folder).open('pipe.ogg'), undefined);
});
