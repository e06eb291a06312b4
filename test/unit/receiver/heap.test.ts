import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AIM, heldBy, made } from '../../../bench/heap-per-byte.ts';

for (const shape of made()) {
  test(`a body holds no more than ${AIM} bytes of heap for each of its own: ${shape.name}`, () => {
    heldBy(shape); // Code is loaded and compiled.
    const ratio = heldBy(shape);
    assert.ok(ratio <= AIM, `${ratio}`);
  });
}
