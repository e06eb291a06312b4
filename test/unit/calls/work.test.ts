import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { finalizeCall } from '../../../exporter/finalize.ts';
import { countWork } from '../../support/work-counter.ts';
import { PRICES } from './golden.ts';
import { anyShape, callOfShape, KNOWN_SHAPES, type Shape } from './shapes.ts';

const SMALL = 250;
/** Four times the spans are little more than four times the work; were it quadratic, sixteen times. */
const MOST = 4.8;

// Price lists and the like are looked up once in a process.
for (const shape of Object.values(KNOWN_SHAPES)) finalize(shape, SMALL);

function finalize(shape: Shape, size: number) {
  finalizeCall(callOfShape(shape, size), PRICES);
}

function assertNearlyLinear(shape: Shape): void {
  const [small = 0, large = Number.POSITIVE_INFINITY] = countWork(
    '/dist/exporter/',
    () => finalize(shape, SMALL),
    () => finalize(shape, 4 * SMALL),
  );
  const ratio = large / small;
  assert.ok(
    ratio < MOST,
    `four times the spans are ${ratio.toFixed(1)} times the work, expected ${MOST} at most`,
  );
}

for (const [name, shape] of Object.entries(KNOWN_SHAPES)) {
  test(`${name}: the work grows with the number of spans`, () => assertNearlyLinear(shape));
}

test('calls of any shape: the work grows with the number of spans', () => {
  fc.assert(fc.property(anyShape, assertNearlyLinear), { numRuns: 15 });
});
