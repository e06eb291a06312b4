import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { defaultSpoolFolders } from '../../../exporter/spool/spool-folder.ts';

const folders = (url: string) => defaultSpoolFolders(url).map(({ path }) => path);

test('each database has a spool of its own, which does not move when its password changes', () => {
  const calls = folders('postgres://agent:old@db.example:5432/calls');
  assert.deepEqual(folders('postgres://other:new@db.example:5432/calls?sslmode=require'), calls);
  for (const other of ['db.example:5432/calls_test', 'db2.example:5432/calls'])
    assert.notDeepEqual(folders(`postgres://agent:old@${other}`), calls);
});

test('the folder shows nothing of the database', () => {
  for (const path of [...folders('postgres://agent:hunter2@db.example/calls'), ...folders('no url: hunter2')])
    assert.doesNotMatch(path.split('/').at(-1) ?? '', /hunter2|db|calls/);
});

test('the state folder of the user comes first, then one of the user in the temporary folder', () => {
  const [state, temporary, ...more] = defaultSpoolFolders('postgres://db/calls', {
    env: { XDG_STATE_HOME: '/home/a/state' },
    platform: 'linux',
  });
  assert.equal(dirname(state?.path ?? ''), '/home/a/state/earshot/spool');
  assert.equal(dirname(temporary?.path ?? ''), join(tmpdir(), `earshot-spool-${process.getuid?.()}`));
  assert.deepEqual(more, []);
});
