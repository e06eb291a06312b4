import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Decimal } from 'decimal.js';
import { sumUsd, Usd } from '../../../exporter/pricing/index.ts';

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
