import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  limitOf,
  orderOf,
  positionOf,
  positionText,
  recentSelectionOf,
  selectionOf,
} from '../../../ui/server/selection.ts';
import { callFileName } from '../../../ui/server/send-call-file.ts';

const NOW_MS = Date.parse('2026-11-29T12:00:30Z');
const select = (text: string) => selectionOf(new URLSearchParams(text), NOW_MS);

test('a query string chooses calls; what is empty does not', () => {
  assert.equal(select('since=24h').since, Date.parse('2026-11-28T12:00:00Z') * 1_000);
  assert.equal(select('since=2026-11-01T00:00:00Z').since, Date.parse('2026-11-01T00:00:00Z') * 1_000);
  assert.equal(select('since=all').since, undefined);
  assert.deepEqual([select('since=999999999d').since, select('until=99999999999999d').until], [0, 0]);
  assert.equal(select('agent=&outcome=FAIL').agent, undefined);
  assert.deepEqual(select('outcome=FAIL&outcome=unknown').outcome, ['FAIL', 'unknown']);
  assert.deepEqual(select('version=1.2&tag=tier:gold').serviceVersion, ['1.2']);
  assert.deepEqual(select('tag=tier:gold&tag=a:b:c').tags, { tier: 'gold', a: 'b:c' });
  assert.equal(select('interrupted=1').interrupted, true);
  assert.deepEqual(select(''), {});
  assert.equal(select('silence_from=1.2&silence_to=3').silenceTo, 3);
});

test('where nothing says when, a question is about the last days', () => {
  const recent = (text: string) => recentSelectionOf(new URLSearchParams(text), NOW_MS);
  assert.deepEqual(recent('agent=a'), { ...select('since=7d'), agent: ['a'] });
  for (const text of ['since=24h', 'since=all', 'until=1h']) assert.deepEqual(recent(text), select(text));
});

test('what cannot be is refused by name', () => {
  for (const wrong of [
    'since=monday',
    'outcome=GREAT',
    'tag=gold',
    'silence_from=-1',
    'silence_to=soon',
    `agent=${'x'.repeat(301)}`,
    'id=%00',
    'tag=%00:x',
  ])
    assert.throws(() => select(wrong), new RegExp(`^HttpError: ${wrong.split('=')[0]}: expected`), wrong);
  const query = (text: string) => new URLSearchParams(text);
  assert.throws(() => orderOf(query('order=name')), /order: expected one of started/);
  assert.throws(() => limitOf(query('limit=501'), 500), /limit: expected 1 to 500/);
  assert.throws(() => positionOf('nonsense'), /after: expected/);
  const withNul = positionText({ value: null, tenant: 'acme', callId: 'CA\0' });
  assert.throws(() => positionOf(withNul), /after: expected/);
});

test('a position is what it was', () => {
  const position = { value: '2026-11-29 12:00:00.000001+00', tenant: 'acme', callId: 'CA"ü' };
  assert.deepEqual(positionOf(positionText(position)), position);
  assert.equal(positionOf(null), undefined);
});

test('a saved call is named after its id, as far as any file system takes that', () => {
  assert.equal(callFileName('CA_12.3-f'), 'call-CA_12-3-f.earshot');
  assert.equal(
    callFileName('../../etc/passwd"\r\nset-cookie: a=b'),
    'call-etc-passwd-set-cookie-a-b.earshot',
  );
  for (const id of ['', '..', 'ü/–', '\u0000']) assert.equal(callFileName(id), 'call.earshot', id);
  assert.equal(callFileName('x'.repeat(9_999)).length, 'call-.earshot'.length + 80);
});
