import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { defaultSpoolFolder } from '../../../exporter/spool/spool-folder.ts';

test('each database has a spool of its own, which does not move when its password changes', () => {
  const calls = defaultSpoolFolder('postgres://agent:old@db.example:5432/calls');
  assert.equal(dirname(calls), join(tmpdir(), 'earshot-spool'));
  assert.equal(defaultSpoolFolder('postgres://other:new@db.example:5432/calls?sslmode=require'), calls);
  assert.notEqual(defaultSpoolFolder('postgres://agent:old@db.example:5432/calls_test'), calls);
  assert.notEqual(defaultSpoolFolder('postgres://agent:old@db2.example:5432/calls'), calls);
});

test('the folder shows nothing of the database', () => {
  assert.doesNotMatch(defaultSpoolFolder('postgres://agent:hunter2@db.example/calls'), /hunter2|db|calls/);
  assert.doesNotMatch(defaultSpoolFolder('no url: hunter2'), /hunter2/);
});
