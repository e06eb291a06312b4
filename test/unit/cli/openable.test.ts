import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openable } from '../../../cli/openable.ts';

test('what listens on every address is opened on loopback, and by the name of the machine', () => {
  assert.deepEqual(openable('http://0.0.0.0:4319', 'box'), {
    here: 'http://127.0.0.1:4319',
    elsewhere: 'http://box:4319',
  });
  assert.deepEqual(openable('http://[::]:4319', 'box'), {
    here: 'http://[::1]:4319',
    elsewhere: 'http://box:4319',
  });
  for (const url of ['http://127.0.0.1:4319', 'http://192.168.1.7:80', 'http://[::1]:4319'])
    assert.deepEqual(openable(url, 'box'), { here: url });
});
