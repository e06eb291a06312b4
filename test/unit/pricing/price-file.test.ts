import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PriceFileError, priceListFrom, withOverrides } from '../../../exporter/pricing/index.ts';

/** A valid file, of which each test spoils one thing. */
const file = () => ({
  provider: 'acme',
  entries: [
    {
      component: 'stt',
      models: ['ear-1'],
      mode: 'streaming',
      rounding: 'none',
      minimum_billed_seconds: '10',
      history: [
        {
          valid_from: '2026-01-01',
          prices: { per_audio_minute: '0.005' } as Record<string, unknown>,
          source: 'https://acme.example/pricing',
          checked_on: '2026-02-01',
          confidence: 'B',
        },
      ],
    },
  ],
});
type PriceFile = ReturnType<typeof file>;

const entryOf = (content: PriceFile) => content.entries[0] ?? assert.fail();
const datedOf = (content: PriceFile) => entryOf(content).history[0] ?? assert.fail();

type Spoil = (content: PriceFile) => unknown;
const entry =
  (fields: object): Spoil =>
  (content) =>
    Object.assign(entryOf(content), fields);
const dated =
  (fields: object): Spoil =>
  (content) =>
    Object.assign(datedOf(content), fields);
const prices =
  (fields: object): Spoil =>
  (content) =>
    Object.assign(datedOf(content).prices, fields);

function refusal(content: unknown): PriceFileError {
  try {
    priceListFrom([content], { file: 'acme.json' });
  } catch (error) {
    assert.ok(error instanceof PriceFileError, String(error));
    return error;
  }
  return assert.fail('the file was accepted');
}

describe('a price file', () => {
  it('is accepted when it is valid', () => {
    assert.equal(priceListFrom([file()]).name, 'custom@2026-02-01');
  });

  const spoilt: [string, string, Spoil][] = [
    ['a negative price', 'history[0].prices.per_audio_minute', prices({ per_audio_minute: '-0.005' })],
    ...(['NaN', 'Infinity', '', '1e400', ' 1', 0.005, null] as unknown[]).map(
      (price): [string, string, Spoil] => [
        `the price ${JSON.stringify(price)}`,
        'history[0].prices.per_audio_minute',
        prices({ per_audio_minute: price }),
      ],
    ),
    ['an unknown unit', 'history[0].prices.per_audio_fortnight', prices({ per_audio_fortnight: '1' })],
    [
      'a unit that is a property of every object',
      'history[0].prices.constructor',
      dated({ prices: { constructor: '1' } }),
    ],
    [
      'a unit of another component',
      'history[0].prices.per_million_characters',
      prices({ per_million_characters: '1' }),
    ],
    ['two prices of one quantity', 'history[0].prices.per_audio_hour', prices({ per_audio_hour: '0.3' })],
    [
      'input tokens without output tokens',
      'history[0].prices',
      dated({ prices: { per_million_input_tokens: '1' } }),
    ],
    ['no unit at all', 'history[0].prices', dated({ prices: {} })],
    ['a day that is not in the calendar', 'history[0].valid_from', dated({ valid_from: '2026-02-30' })],
    ['a date that is not a day', 'history[0].checked_on', dated({ checked_on: 'July 2026' })],
    ['a price without a source', 'history[0].source', dated({ source: ' ' })],
    ['an unknown confidence', 'history[0].confidence', dated({ confidence: 'D' })],
    [
      'a second price of the same day',
      'history[1].valid_from',
      (c) => entryOf(c).history.push({ ...datedOf(c) }),
    ],
    [
      'an older price after a newer one',
      'history[1].valid_from',
      (c) => entryOf(c).history.push({ ...datedOf(c), valid_from: '2025-12-31' }),
    ],
    ['a misspelt field', 'minimum_billed_second', entry({ minimum_billed_second: '10' })],
    ['an unknown rounding', 'rounding', entry({ rounding: 'up_to_hour' })],
    ['an unknown component', 'component', entry({ component: 'gpu' })],
    ['an unknown mode', 'mode', entry({ mode: 'live' })],
    ['a negative minimum', 'minimum_billed_seconds', entry({ minimum_billed_seconds: '-1' })],
    [
      'a second entry for the same model and mode',
      'models',
      (c) => c.entries.push({ ...entryOf(c), models: ['EAR-1'] }),
    ],
  ];
  for (const [what, field, spoil] of spoilt) {
    it(`is refused for ${what}, naming file, model and field`, () => {
      const content = file();
      spoil(content);
      const error = refusal(content);
      assert.deepEqual([error.file, error.model, error.field], ['acme.json', 'ear-1', field]);
      assert.ok(error.message.startsWith(`acme.json: ear-1: ${field}: `), error.message);
    });
  }

  it('is refused when an entry without a mode overlaps one with a mode', () => {
    const content = file();
    const { mode: _, ...both } = entryOf(content);
    const error = refusal({ ...content, entries: [...content.entries, both] });
    assert.match(error.message, /second entry for stt, streaming/);
  });

  it('is refused when it is not an object, or has no provider or no models', () => {
    assert.equal(refusal(null).message, 'acme.json: (whole): saw null, expected an object');
    assert.equal(refusal([]).field, '(whole)');
    assert.equal(refusal({ entries: [] }).field, 'provider');
    assert.equal(refusal({ provider: 'acme' }).field, 'entries');
    assert.equal(refusal({ provider: 'acme', entries: [7] }).field, 'entries[0]');
    assert.equal(
      refusal({ provider: 'acme', entries: [{ ...entryOf(file()), models: [] }] }).field,
      'entries[0].models',
    );
  });

  it('is named after its provider when no one says which file it is', () => {
    assert.throws(() => priceListFrom([{ provider: 'acme' }]), { file: 'acme.json' });
    assert.throws(() => priceListFrom([file(), 3]), { file: 'price file 1' });
    assert.throws(() => withOverrides(priceListFrom([file()]), {}, '/etc/prices.json'), {
      file: '/etc/prices.json',
    });
  });
});
