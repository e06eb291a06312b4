import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { LiveKitKeys } from '../../../exporter/receiver/livekit/keys.ts';
import { readKeys } from '../../../exporter/receiver/livekit/keys-file.ts';
import { KEY, livekitToken } from '../../support/livekit-upload/token.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const now = Math.floor(Date.now() / 1_000);
/** Of that instant, however late the test runs. */
const tokenOf = (
  claims: Readonly<Record<string, unknown>> = {},
  how: Parameters<typeof livekitToken>[1] = {},
) => livekitToken({ nbf: now, exp: now + 21_600, ...claims }, how);
const keys = new LiveKitKeys([KEY, { key: 'APIother', secret: 'another secret', tenant: 'acme' }]);
const senderOf = (token: string) => keys.senderOf(`Bearer ${token}`, now);

test('a token of each known key is taken, and says whose the calls are', () => {
  assert.deepEqual(senderOf(tokenOf()), { name: 'APIkey' });
  const other = tokenOf({ iss: 'APIother' }, { secret: 'another secret', header: { typ: 'JWT' } });
  assert.deepEqual(senderOf(other), { name: 'APIother', tenant: 'acme' });
});

test('a token that is a minute too old or too young is taken, because clocks differ', () => {
  assert.ok(senderOf(tokenOf({ exp: now - 59 })));
  assert.ok(senderOf(tokenOf({ nbf: now + 59 })));
});

test('a token of a session that goes on is taken for as long as the settings say, and no other is', () => {
  const patient = new LiveKitKeys([KEY], 18 * 3_600);
  const of = (token: string, hours: number) => patient.senderOf(`Bearer ${token}`, now + hours * 3_600);
  assert.ok(of(tokenOf(), 23));
  assert.equal(of(tokenOf(), 25), undefined);
  assert.equal(of(tokenOf({}, { secret: 'a guess' }), 1), undefined);
  assert.equal(
    of(tokenOf({ nbf: now + 7_200 }), 1),
    undefined,
    'the beginning is no matter of how long it lasts',
  );
  assert.ok(
    new LiveKitKeys([KEY], 0).senderOf(`Bearer ${tokenOf({ exp: now - 59 })}`, now),
    'clocks differ still',
  );
});

const [header = '', payload = '', signature = ''] = tokenOf().split('.');
const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
const REFUSED: Readonly<Record<string, string>> = {
  'of another secret': tokenOf({}, { secret: 'a guess' }),
  'of an unknown key': tokenOf({ iss: 'APInone' }),
  'of an unknown key, with the secret that stands in for it': tokenOf(
    { iss: 'APInone' },
    { secret: 'no such key' },
  ),
  'that names no key': tokenOf({ iss: undefined }),
  'that has expired': tokenOf({ exp: now - 61 }),
  'that is not valid yet': tokenOf({ nbf: now + 120 }),
  'without an end': tokenOf({ exp: undefined }),
  'whose end is not a number': tokenOf({ exp: '9999999999' }),
  'without the grant': tokenOf({ observability: undefined }),
  'with a grant to read': tokenOf({ observability: { read: true } }),
  'with a grant that is only true-ish': tokenOf({ observability: { write: 'true' } }),
  'without a signature (alg none)': `${encoded({ alg: 'none' })}.${payload}.`,
  'with the signature of another algorithm named': tokenOf({}, { header: { alg: 'none' } }),
  'of HS512, though signed with HS256': tokenOf({}, { header: { alg: 'HS512' } }),
  'with something that must be understood': tokenOf({}, { header: { crit: ['b64'] } }),
  'with other claims than were signed': `${header}.${encoded({ iss: 'APIkey', exp: now + 9, observability: { write: true } })}.${signature}`,
  'whose signature is cut': `${header}.${payload}.${signature.slice(0, -4)}`,
  'of two parts': `${header}.${payload}`,
  'that is not JSON': `eA.eA.${signature}`,
  'whose claims are null': `${header}.${encoded(null)}.${signature}`,
  'that is endless': tokenOf({ sub: 'x'.repeat(100_000) }),
  'that is nothing': '',
};
for (const [name, token] of Object.entries(REFUSED))
  test(`a token ${name} is refused`, () => {
    assert.equal(senderOf(token), undefined);
  });

test('without a bearer token, or with the word alone, no one is let in', () => {
  for (const authorization of [undefined, '', 'Bearer', tokenOf(), `Basic ${tokenOf()}`])
    assert.equal(keys.senderOf(authorization, now), undefined);
});

test('a file of keys is read, or refused by the place of its fault and never by its content', async (t) => {
  const file = join(await temporaryFolder(t), 'keys.json');
  const read = async (content: unknown) => {
    await writeFile(file, typeof content === 'string' ? content : JSON.stringify(content));
    return readKeys(file);
  };
  assert.deepEqual(await read([KEY, { key: 'b', secret: 'hush', tenant: 'acme' }]), [
    KEY,
    { key: 'b', secret: 'hush', tenant: 'acme' },
  ]);
  for (const [content, problem] of [
    ['{hush', /not JSON/],
    [[], /expected a list of 1 to/],
    [[{ key: 'a', secret: 'hush', tennant: 'x' }], /entry 1: has a field that is none of/],
    [[{ key: 'a', secret: '' }], /entry 1, secret: expected a text/],
    [[{ key: 'a', secret: 'hush', tenant: '../x' }], /entry 1, tenant: expected/],
    [
      [
        { key: 'a', secret: 'hush' },
        { key: 'a', secret: 'hush' },
      ],
      /entry 2, key: is that of another/,
    ],
  ] as const)
    await assert.rejects(read(content), (error: Error) => {
      assert.match(error.message, problem);
      assert.doesNotMatch(error.message, /hush/);
      return true;
    });
});
