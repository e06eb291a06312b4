import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readFilter } from '../../../cli/filter-options.ts';
import { readTime } from '../../../cli/time-option.ts';

const NOW = Date.UTC(2026, 10, 29, 10, 30);
const ms = (text: string, utc = true): number => (readTime('since', text, utc, NOW) ?? Number.NaN) / 1_000;

describe('a time', () => {
  it('is a date, a time, a day by its name, or so long back from now', () => {
    assert.equal(ms('2026-11-01'), Date.UTC(2026, 10, 1));
    assert.equal(ms('2026-11-01T08:05'), Date.UTC(2026, 10, 1, 8, 5));
    assert.equal(ms('2026-11-01 08:05:07'), Date.UTC(2026, 10, 1, 8, 5, 7));
    assert.equal(ms('2026-11-01T08:05+02:00', false), Date.UTC(2026, 10, 1, 6, 5));
    assert.equal(ms('today'), Date.UTC(2026, 10, 29));
    assert.equal(ms('yesterday'), Date.UTC(2026, 10, 28));
    assert.equal(ms('90m'), NOW - 90 * 60_000);
    assert.equal(ms('7d'), NOW - 7 * 86_400_000);
    assert.equal(ms('999999999d'), 0);
    assert.equal(readTime('since', undefined), undefined);
  });

  it('without a zone is local', () => {
    assert.equal(ms('2026-07-01T08:05', false), new Date(2026, 6, 1, 8, 5).getTime());
    assert.equal(ms('2026-07-01', false), new Date(2026, 6, 1).getTime());
    const midnight = new Date(NOW);
    midnight.setHours(0, 0, 0, 0);
    assert.equal(ms('today', false), midnight.getTime());
  });

  it('is nothing else', () => {
    for (const text of [
      'monday',
      '',
      '2026',
      '2026-02-31',
      '2026-13-01',
      '2026-11-01T25:00',
      '5',
      'm',
      '-3d',
    ])
      assert.throws(() => ms(text), /^UsageError: --since: saw .*, expected a date such as/, text);
  });
});

describe('options that say which calls are meant', () => {
  it('become a filter', () => {
    assert.deepEqual(
      readFilter({
        agent: ['front-desk', 'sales'],
        'service-version': ['2.4'],
        tag: ['plan=gold', 'query=a=b'],
        outcome: ['success', 'no-answer', 'unknown'],
        'min-silence': '800ms',
        'min-cost': '$0.05',
        interrupted: true,
      }),
      {
        agent: ['front-desk', 'sales'],
        serviceVersion: ['2.4'],
        tags: { plan: 'gold', query: 'a=b' },
        outcome: ['SUCCESS', 'NO_ANSWER', 'unknown'],
        minSilence: 0.8,
        minCost: '0.05',
        interrupted: true,
      },
    );
    assert.deepEqual(readFilter({}), {});
  });

  it('say what they expected', () => {
    const wrong: readonly (readonly [options: Record<string, unknown>, says: RegExp])[] = [
      [{ tag: ['plan'] }, /--tag: saw plan, expected a name and a value such as plan=gold/],
      [{ tag: ['=gold'] }, /--tag/],
      [{ outcome: ['GREAT'] }, /--outcome: saw GREAT, expected one of SUCCESS, .*, unknown/],
      [{ 'min-cost': 'much' }, /--min-cost: saw much, expected an amount of USD/],
      [{ 'min-silence': 'long' }, /--min-silence: saw long, expected a duration/],
      [
        { 'min-silence': '800' },
        /--min-silence: saw 800, expected a duration with a unit such as 900ms or 1\.2s/,
      ],
      [{ agent: [''] }, /--agent: saw nothing/],
      [{ since: '1h', until: '2h' }, /--until is not after --since/],
    ];
    for (const [options, says] of wrong) assert.throws(() => readFilter(options), says);
  });
});
