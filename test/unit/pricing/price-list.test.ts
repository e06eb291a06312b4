import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { catalogue, type PriceList, priceListFrom, withOverrides } from '../../../exporter/pricing/index.ts';

const day = (text: string): number => Date.parse(text) * 1_000;
const AT = day('2026-06-01');

const dated = (validFrom: string, price: string, checkedOn = validFrom) => ({
  valid_from: validFrom,
  prices: { per_audio_minute: price },
  source: 'https://acme.example/pricing',
  checked_on: checkedOn,
  confidence: 'B',
});
const stt = (models: string[], ...history: unknown[]) => ({ component: 'stt', models, history });
const acme = (...entries: unknown[]) => ({ provider: 'acme', aliases: ['Acme AI'], entries });

/** The price of a minute that a list finds, as text. */
function minute(list: PriceList, model: string, atUs = AT, provider = 'acme'): string | undefined {
  const match = list.find({ component: 'stt', provider, model, atUs });
  return match?.price?.rates.audioSeconds?.price.toString();
}

describe('a price list', () => {
  const list = priceListFrom([
    acme(
      stt(['ear'], dated('2026-01-01', '1')),
      stt(['ear-2'], dated('2026-01-01', '2')),
      stt(['ear-2-large', 'big-ear'], dated('2026-01-01', '3')),
      stt(['ear-3']),
    ),
  ]);

  it('prefers the exact name, then the longest that the model starts with', () => {
    assert.equal(minute(list, 'ear'), '1');
    assert.equal(minute(list, 'ear-1'), '1');
    assert.equal(minute(list, 'ear-2'), '2');
    assert.equal(minute(list, 'ear-2-2026-01-01'), '2');
    assert.equal(minute(list, 'ear-2-large'), '3');
    assert.equal(minute(list, 'ear-2-large:en'), '3');
    assert.equal(minute(list, 'big-ear'), '3');
  });

  it('takes a name for a prefix only up to a separator', () => {
    for (const other of ['ear2', 'earshot', 'ear-2.5', 'ea', 'my-ear']) {
      assert.equal(minute(list, other), other === 'ear-2.5' ? '1' : undefined, other);
    }
  });

  it('takes a number behind a number, unless it is a date, and a sibling of the family for another model', () => {
    const family = priceListFrom([acme(stt(['ear-4'], dated('2026-01-01', '4')))]);
    for (const same of [
      'ear-4-20260101',
      'ear-4-2026-01-01',
      'ear-4-05-20',
      'ear-4-12-2025',
      'ear-4-0613',
      'ear-4-8b',
    ])
      assert.equal(minute(family, same), '4', same);
    for (const other of [
      'ear-4-5',
      'ear-4-5@20251101',
      'ear-4-5-20251101',
      'ear-4-mini',
      'ear-4-fast-lite',
      'ear-4-live-preview',
    ])
      assert.equal(minute(family, other), undefined, other);
  });

  it('lets a model without a price keep a shorter name from pricing it', () => {
    assert.equal(minute(list, 'ear-3'), undefined);
    assert.equal(minute(list, 'ear-3-mini'), undefined);
  });

  it('ignores case, and knows a provider by its aliases', () => {
    assert.equal(minute(list, 'EAR-2', AT, 'Acme'), '2');
    assert.equal(minute(list, 'ear-2', AT, 'acme ai'), '2');
    assert.equal(minute(list, 'ear-2', AT, 'acme inc'), undefined);
  });

  it('finds nothing for an unknown provider, model or component', () => {
    assert.equal(list.find({ component: 'stt', model: 'ear', atUs: AT }), undefined);
    assert.equal(list.find({ component: 'stt', provider: 'acme', atUs: AT }), undefined);
    assert.equal(list.find({ component: 'tts', provider: 'acme', model: 'ear', atUs: AT }), undefined);
  });

  it('finds the price in force at the instant, to the microsecond', () => {
    const changing = priceListFrom([
      acme(stt(['ear'], dated('2026-01-01', '1'), dated('2026-07-01', '2'), dated('2026-09-01', '0.5'))),
    ]);
    assert.equal(minute(changing, 'ear', day('2026-01-01') - 1), undefined);
    assert.equal(minute(changing, 'ear', day('2026-01-01')), '1');
    assert.equal(minute(changing, 'ear', day('2026-07-01') - 1), '1');
    assert.equal(minute(changing, 'ear', day('2026-07-01')), '2');
    assert.equal(minute(changing, 'ear', Number.POSITIVE_INFINITY), '0.5');
  });

  it('is versioned by the newest day on which a price was checked', () => {
    const files = [
      acme(stt(['ear'], dated('2026-01-01', '1', '2026-03-05'))),
      { provider: 'other', entries: [stt(['x'], dated('2026-01-01', '1', '2026-02-01'))] },
    ];
    assert.equal(priceListFrom(files, { name: 'ours' }).name, 'ours@2026-03-05');
    assert.equal(priceListFrom([]).name, 'custom');
  });
});

describe('overrides', () => {
  const base = priceListFrom([
    acme(stt(['ear'], dated('2026-01-01', '1')), stt(['ear-2'], dated('2026-01-01', '2')), stt(['ear-3'])),
  ]);

  it('come before the list for a model that both name, and say so in the name', () => {
    const list = withOverrides(base, acme(stt(['ear-2'], dated('2026-05-01', '9'))));
    assert.equal(minute(list, 'ear-2'), '9');
    assert.equal(minute(list, 'ear'), '1');
    assert.equal(list.name, 'overrides@2026-05-01+custom@2026-01-01');
  });

  it('leave alone what the list names more exactly, priced or not', () => {
    const list = withOverrides(base, acme(stt(['ear'], dated('2026-05-01', '9'))));
    assert.equal(minute(list, 'ear'), '9');
    assert.equal(minute(list, 'ear-1'), '9');
    assert.equal(minute(list, 'ear-2'), '2');
    assert.equal(minute(list, 'ear-3'), undefined);
  });

  it('give way to the list until their first price is in force', () => {
    const list = withOverrides(base, acme(stt(['ear-2'], dated('2026-08-01', '9'))));
    assert.equal(minute(list, 'ear-2', day('2026-07-31')), '2');
    assert.equal(minute(list, 'ear-2', day('2026-08-01')), '9');
  });

  it('price what the list does not know, several providers at once', () => {
    const list = withOverrides(catalogue(), [
      acme(stt(['ear'], dated('2026-01-01', '4'))),
      { provider: 'deepgram', entries: [stt(['nova-2'], dated('2026-01-01', '0.0058'))] },
    ]);
    assert.equal(minute(list, 'ear'), '4');
    assert.equal(minute(list, 'nova-2', AT, 'deepgram'), '0.0058');
    assert.equal(minute(catalogue(), 'nova-2', AT, 'deepgram'), undefined);
  });
});

describe('the models of a list', () => {
  it('are those that have a price, each by its first name', () => {
    const list = priceListFrom([
      acme(stt(['ear', 'big-ear'], dated('2026-01-01', '1')), stt(['ear-3'])),
      { provider: 'line', entries: [{ ...stt(['inbound']), component: 'telephony' }] },
    ]);
    const ear = { component: 'stt', provider: 'acme', model: 'ear' };
    assert.deepEqual(list.models, [ear]);
    const own = withOverrides(list, acme(stt(['own'], dated('2026-01-01', '1'))));
    assert.deepEqual(own.models, [{ ...ear, model: 'own' }, ear]);
  });
});
