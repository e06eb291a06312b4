import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Decimal } from 'decimal.js';
import { CostCalculator, sumUsd, Usd } from '../../../exporter/pricing/index.ts';

describe('money', () => {
  it('is added exactly where a plain Decimal rounds to 20 digits', () => {
    const large = new Usd('123456789.5');
    const small = new Usd('0.00000000000000000001');
    assert.equal(sumUsd([large, small])?.toString(), '123456789.50000000000000000001');
    assert.equal(sumUsd([new Decimal(large), small])?.toString(), '123456789.50000000000000000001');
    assert.equal(new Decimal(0).plus(large).plus(small).toString(), '123456789.5');
  });

  it('is written without an exponent', () => {
    assert.equal(new Usd('0.00000000000000000001').toString(), '0.00000000000000000001');
    assert.equal(JSON.stringify(new Usd('1e-9')), '"0.000000001"');
  });

  it('leaves the settings of the application alone', () => {
    assert.notEqual(Usd.precision, Decimal.precision);
    assert.equal(Decimal.toExpNeg, -7);
  });

  it('of nothing is unknown, and unknown parts are left out', () => {
    assert.equal(sumUsd([]), undefined);
    assert.equal(sumUsd([null, undefined]), undefined);
    assert.equal(sumUsd([new Usd(0), null])?.toString(), '0');
  });
});

it('1,000 equal calls sum to exactly 1,000 times one, where binary arithmetic drifts', () => {
  const one = new CostCalculator({ stt: { provider: 'deepgram', model: 'nova-3' } }).calculate({
    stt: { usage: { audioSeconds: 2_741.25 } },
  });
  assert.equal(one.total?.toString(), '0.2193');
  const sum = sumUsd(Array.from({ length: 1_000 }, () => one.total));
  assert.equal(sum?.toString(), '219.3');
  assert.notEqual(
    Array.from({ length: 1_000 }, () => 0.2193).reduce((a, b) => a + b, 0),
    219.3,
  );
});

it('1,000 equal costs that repeat sum to exactly 1,000 times one', () => {
  const third = new CostCalculator({ stt: { provider: 'groq', model: 'whisper-large-v3' } }).calculate({
    stt: { usage: { audioSeconds: 2 } },
  }).total;
  assert.equal(third?.toString(), '0.00030833333333333333');
  assert.equal(sumUsd(Array.from({ length: 1_000 }, () => third))?.toString(), '0.30833333333333333');
});
