import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseTokens, TokensFileError } from '../../../exporter/receiver/door/tokens-file.ts';

const SECRET = 'a-s3cret-of-many-characters';
const entry = { name: 'agents-eu', token: SECRET, tenant: 'acme' };

function refusal(content: unknown): string {
  try {
    parseTokens(typeof content === 'string' ? content : JSON.stringify(content), 'tokens.json');
  } catch (error) {
    assert.ok(error instanceof TokensFileError, String(error));
    assert.equal(error.cause, undefined, 'which would be printed, too');
    return error.message;
  }
  return assert.fail('the file was accepted');
}

test('a list of tokens is taken, each with its name and maybe its tenant', () => {
  const second = { name: 'batch', token: 'x'.repeat(16) };
  assert.deepEqual(parseTokens(JSON.stringify([entry, second]), 'f'), [entry, second]);
});

const refused: [string, unknown, string][] = [
  ['is empty', '', 'tokens.json: not JSON'],
  ['ends too soon', `[{"name": "a", "token": "${SECRET}`, 'tokens.json: not JSON'],
  ['is no list', { ...entry }, 'tokens.json: expected a list of tokens'],
  ['has no token, which would be no door', [], 'tokens.json: saw 0 tokens, expected 1 to 1000'],
  ['has a text for an entry', [SECRET], 'tokens.json: entry 1: expected an object'],
  [
    'has a field of another name',
    [entry, { name: 'b', token: `${SECRET}2`, [SECRET]: 'acme' }],
    'tokens.json: entry 2: has a field that is none of name, token, tenant',
  ],
  [
    'has a short token',
    [{ name: 'a', token: 'fifteen-charact' }],
    'tokens.json: entry 1, token: saw 15 characters, expected 16 to 1024',
  ],
  [
    'has a number for a token',
    [{ name: 'a', token: 12345678901234 }],
    'tokens.json: entry 1, token: expected a text',
  ],
  [
    'has a token that no header carries',
    [{ name: 'a', token: `${SECRET} with spaces` }],
    'tokens.json: entry 1, token: expected visible ASCII characters without spaces',
  ],
  [
    'has one token twice',
    [entry, { name: 'other', token: SECRET }],
    'tokens.json: entry 2, token: is that of entry 1 already, expected another',
  ],
  [
    'has one name twice',
    [entry, { name: entry.name, token: `${SECRET}2` }],
    'tokens.json: entry 2, name: is that of entry 1 already, expected another',
  ],
];
for (const [what, content, message] of refused)
  test(`a file that ${what} is refused, by file, entry and field`, () => {
    const said = refusal(content);
    assert.ok(said.startsWith(message), said);
    assert.doesNotMatch(said, /s3cret|fifteen/);
  });

for (const name of [undefined, '', SECRET.repeat(3), 'a b', '-a', 'ä', 'a\n', 'a\u001b[2J', 7, null])
  for (const field of ['name', 'tenant'])
    if (!(field === 'tenant' && name === undefined))
      test(`the ${field} ${JSON.stringify(name)} is refused`, () => {
        assert.match(
          refusal([{ ...entry, [field]: name }]),
          new RegExp(`^tokens.json: entry 1, ${field}: expected 1`),
        );
      });

test('no file makes the reader say anything of what is in it', () => {
  const text = fc.oneof(
    fc.json().map((json) => json.replaceAll('"', `"${SECRET}`)),
    fc.string().map((noise) => `[{"token":"${SECRET}",${noise}`),
    fc.jsonValue().map((value) =>
      JSON.stringify([
        { ...entry, name: value },
        { ...entry, tenant: value },
      ]),
    ),
  );
  fc.assert(
    fc.property(text, (content) => {
      try {
        parseTokens(content, 'tokens.json');
      } catch (error) {
        assert.ok(error instanceof TokensFileError, String(error));
        assert.ok(!String(error.stack).includes(SECRET), error.message);
      }
    }),
  );
});
