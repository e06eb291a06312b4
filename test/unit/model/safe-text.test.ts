import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Decimal } from 'decimal.js';
import { createLog } from '../../../exporter/receiver/log.ts';
import { safeText, withSafeTexts } from '../../../model/safe-text.ts';

const CLEAR_SCREEN = '\u001b[2J';
const SAFE = '\\x1b[2J';

test('escape sequences, line breaks and C1 controls become their codes', () => {
  assert.equal(safeText(`CA1${CLEAR_SCREEN}`), `CA1${SAFE}`);
  assert.equal(safeText('CA1\r\nCA2\t\u0000'), 'CA1\\x0d\\x0aCA2\\x09\\x00');
  assert.equal(safeText('\u009b2J\u007f'), '\\x9b2J\\x7f');
});

test('marks of direction and line separators become their codes', () => {
  assert.equal(safeText('a\u202eb\u2066c\u2028d'), 'a\\u202eb\\u2066c\\u2028d');
});

test('words of any language stay as they are', () => {
  for (const text of ['Größe – 100 €', '日本語', 'שלום', 'مرحبا', '👩🏽‍🍳'])
    assert.equal(safeText(text), text);
});

test('every text of a row is made safe, and nothing else of it is touched', () => {
  const cost = new Decimal('0.1');
  assert.deepEqual(
    withSafeTexts({ call_id: CLEAR_SCREEN, unpriced: [CLEAR_SCREEN], cost, turns: 2, outcome: null }),
    {
      call_id: SAFE,
      unpriced: [SAFE],
      cost,
      turns: 2,
      outcome: null,
    },
  );
});

test('no field and no message forges a line of the log', () => {
  const lines: string[] = [];
  const log = createLog({ level: 'info', format: 'text', write: (line) => lines.push(line) });
  log.warn(`a call\n00:00:00.000 ERROR forged`, { call: `CA1\n${CLEAR_SCREEN}\u009b` });
  assert.equal(lines.length, 1);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: there must be none
  assert.doesNotMatch(lines[0] ?? '', /[\u0000-\u001f\u007f-\u009f]/);
});
