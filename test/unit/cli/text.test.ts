import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { count, field, showInstant, showMoney, table, wrapped } from '../../../cli/render/text.ts';
import { unpricedText } from '../../../cli/render/unpriced.ts';
import { Usd } from '../../../exporter/pricing/index.ts';
import { apportion } from '../../../ui/shared/apportion.ts';

const widest = (text: string): number => Math.max(...text.split('\n').map((line) => line.length));

describe('an amount of money', () => {
  it('has the digits that it needs', () => {
    const shown = {
      '0': '$0',
      '0.000031234': '$0.000031',
      '0.00000000012': '$0.00000000012',
      '0.00099': '$0.00099',
      '0.001': '$0.0010',
      '0.04095': '$0.0410',
      '12.5': '$12.5000',
      '4090.126': '$4090.13',
    };
    for (const [amount, text] of Object.entries(shown)) assert.equal(showMoney(new Usd(amount)), text);
    assert.equal(showMoney(null), '–');
  });
});

describe('a number of things', () => {
  it('is one thing or several', () => {
    assert.deepEqual(
      [0, 1, 2, 12_345].map((number) => count(number, 'call')),
      ['0 calls', '1 call', '2 calls', '12,345 calls'],
    );
  });
});

describe('shares', () => {
  it('add up to the whole as it is shown, and none is off by one or more', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 8 }),
        fc.double({ min: 0, max: 1e5, noNaN: true }),
        (parts, whole) => {
          const sum = parts.reduce((a, b) => a + b, 0);
          const shares = apportion(parts, whole);
          if (!(sum > 0)) return assert.ok(shares.every((share) => share === 0));
          assert.equal(
            shares.reduce((a, b) => a + b, 0),
            Math.round(whole),
          );
          for (const [i, part] of parts.entries())
            assert.ok(Math.abs((shares[i] ?? 0) - (part / sum) * Math.round(whole)) < 1.000_001);
        },
      ),
    );
    assert.deepEqual(apportion([1, 1, 1], 100), [34, 33, 33]);
  });
});

describe('an instant', () => {
  it('is in UTC, or in the time zone of the machine', () => {
    const us = Date.UTC(2026, 6, 1, 22, 30, 15) * 1_000;
    assert.equal(showInstant(us), '2026-07-01 22:30:15');
    const local = new Date(us / 1_000);
    assert.match(
      showInstant(us, false),
      new RegExp(`-0?${local.getDate()} ${String(local.getHours()).padStart(2, '0')}:`),
    );
  });
});

describe('a table', () => {
  const columns = [
    { title: 'ID', enough: 6, cell: (row: { id: string }) => row.id },
    { title: 'TURNS', right: true, leaves: 2, cell: () => '17' },
    { title: 'OUTCOME', leaves: 1, cell: () => 'SUCCESS' },
    { title: 'COST', right: true, cell: () => '$0.0409' },
  ];
  const rows = [{ id: 'CA0123456789' }, { id: 'CA1' }];

  it('shows everything where there is room', () => {
    assert.equal(
      table(columns, rows),
      [
        'ID            TURNS  OUTCOME     COST',
        'CA0123456789     17  SUCCESS  $0.0409',
        'CA1              17  SUCCESS  $0.0409',
      ].join('\n'),
    );
  });

  it('cuts ids and leaves columns out until it fits', () => {
    assert.equal(
      table(columns, rows, 24),
      ['ID      OUTCOME     COST', 'CA012…  SUCCESS  $0.0409', 'CA1     SUCCESS  $0.0409'].join('\n'),
    );
    for (let screen = 16; screen < 40; screen += 1) assert.ok(widest(table(columns, rows, screen)) <= screen);
  });
});

describe('a name and its parts', () => {
  const parts = ['p50 912 ms', 'p95 1740 ms', 'longest 2086 ms'];

  it('are one line, or as many as the screen needs', () => {
    assert.equal(
      field('silence', parts, 100, 20),
      'silence             p50 912 ms   p95 1740 ms   longest 2086 ms',
    );
    assert.equal(
      field('silence', parts, 45, 20),
      'silence             p50 912 ms   p95 1740 ms\n                    longest 2086 ms',
    );
    assert.equal(
      field('silence', parts, 38, 20),
      'silence\n    p50 912 ms   p95 1740 ms\n    longest 2086 ms',
    );
    assert.equal(field('silence', ['–'], 38, 20), 'silence: –');
  });

  it('are never wider than the screen, as long as a part is not', () => {
    assert.equal(wrapped('one two three', 7), 'one two\nthree');
    assert.equal(wrapped('longer than it', 3), 'longer\nthan\nit');
  });
});

describe('what is not priced', () => {
  it('has no price, or its usage is not known, and one pair of brackets says where to read on', () => {
    assert.equal(
      unpricedText(['llm:openai/gpt-4o-mini'], 'for'),
      'no price, or no usage, for openai/gpt-4o-mini as language model (docs/pricing.md says why, and how to add a price)',
    );
    assert.equal(
      unpricedText(['stt:deepgram/nova-9', 'tts:unknown'], 'in 2 calls:'),
      'no price, or no usage, in 2 calls: deepgram/nova-9 as speech-to-text, text-to-speech that was not seen ' +
        '(tts:unknown: docs/sdks.md says what is seen of which SDK; docs/pricing.md says why, and how to add a price)',
    );
  });
});
