import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AIM, heldBy, made } from '../../../bench/heap-per-byte.ts';

// Code is loaded and compiled.
for (const shape of made(10_000)) heldBy(shape);

for (const shape of made()) {
  test(`a body holds no more than ${AIM} bytes of heap for each of its own: ${shape.name}`, () => {
    const ratio = heldBy(shape);
    assert.ok(ratio <= AIM, `${ratio}`);
  });
}
