import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Attempts } from '../../../ui/server/attempts.ts';
import { Sessions } from '../../../ui/server/sessions.ts';

const TOKEN = 'a-token-of-more-than-16-characters';
const cookieOf = (setCookie: string) => setCookie.split(';')[0];

test('a session is open until it ends, for this token alone, and only as it was given', () => {
  let now = 1_000_000;
  const sessions = new Sessions(TOKEN, () => now);
  const set = sessions.open(false);
  assert.match(set, /; HttpOnly; SameSite=Strict$/);
  assert.match(sessions.open(true), /; Secure$/);
  const cookie = cookieOf(set) ?? '';
  assert.ok(sessions.isOpen(cookie));
  assert.ok(sessions.isOpen(`other=1; ${cookie}`));
  assert.ok(!new Sessions('another-token-of-16-characters', () => now).isOpen(cookie));
  const [name = '', value = ''] = cookie.split('=');
  const [ends = '', ...rest] = value.split('.');
  assert.ok(!sessions.isOpen(`${name}=${[Number(ends) + 1, ...rest].join('.')}`));
  for (const nonsense of [undefined, '', name, `${name}=`, `${name}=..`, `${name}=1.2.3`])
    assert.ok(!sessions.isOpen(nonsense));
  now += 12 * 3_600_000;
  assert.ok(!sessions.isOpen(cookie));
});

test('wrong tokens are counted by address, and all together', () => {
  let now = 0;
  const attempts = new Attempts(() => now);
  for (let i = 0; i < 5; i++) {
    assert.equal(attempts.waitSeconds('a'), 0);
    attempts.failed('a');
  }
  assert.equal(attempts.waitSeconds('a'), 60);
  assert.equal(attempts.waitSeconds('b'), 0);
  for (let i = 0; i < 55; i++) attempts.failed(`from ${i}`);
  assert.equal(attempts.waitSeconds('b'), 60);
  now = 60_001;
  assert.equal(attempts.waitSeconds('a'), 0);
});
