import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Seldom } from '../../../exporter/kit/seldom.ts';

test('a thing of a kind is said once in a while, with how often it was so', () => {
  const seldom = new Seldom(1_000);
  const said: string[] = [];
  const say = (kind: string, nowMs: number) =>
    seldom.say(kind, (count) => said.push(`${kind} ${count}`), nowMs);
  for (const nowMs of [0, 10, 999]) say('a', nowMs);
  say('b', 20);
  say('a', 1_000);
  say('a', 1_001);
  assert.deepEqual(said, ['a 1', 'b 1', 'a 3']);
});
