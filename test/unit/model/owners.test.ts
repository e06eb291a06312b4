import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ownerOf, type SilentTurn, silenceByOwner } from '../../../model/owners.ts';
import { SEGMENTS } from '../../../model/vocabulary.ts';
import { ownerParts } from '../../../ui/shared/owners.ts';
import { logRow } from '../../support/call-rows.ts';

const groq = { llm_provider: 'groq', llm_model: 'llama', tts_provider: 'cartesia', tts_model: 'sonic' };
const turn = (more: Partial<SilentTurn> = {}): SilentTurn => ({ ...logRow('C1', 0), ...groq, ...more });

test('every segment has an owner, and the models are those of the turn', () => {
  assert.deepEqual(
    SEGMENTS.map((segment) => ownerOf(segment, groq)).map(({ kind, name }) => `${kind}: ${name}`),
    [
      'setting: endpointing',
      'application: preparation',
      'application: tools',
      'model: llm groq llama',
      'setting: sentence aggregation',
      'model: tts cartesia sonic',
      'transport: playout',
    ],
  );
});

test('a model of which nothing is known is its stage', () => {
  assert.deepEqual(ownerOf('llm', { ...groq, llm_provider: null, llm_model: null }), {
    segment: 'llm',
    kind: 'model',
    name: 'llm',
  });
});

test('turns of several models: the greatest part first, with the shares of all', () => {
  const owners = silenceByOwner([
    turn({ segment_endpointing: 0.3, segment_llm: 0.5, segment_tts: 0.1 }),
    turn({
      segment_endpointing: 0.3,
      segment_llm: 0.7,
      segment_tts: 0.1,
      llm_provider: 'openai',
      llm_model: 'mini',
    }),
  ]);
  assert.deepEqual(
    owners.map(({ name, seconds, share }) => [name, seconds, share]),
    [
      ['llm openai mini', 0.7, 0.35],
      ['endpointing', 0.6, 0.3],
      ['llm groq llama', 0.5, 0.25],
      ['tts cartesia sonic', 0.2, 0.1],
    ],
  );
  assert.deepEqual(ownerParts(owners), [
    'llm openai mini 35 %',
    'endpointing setting 30 %',
    'llm groq llama 25 %',
    'tts cartesia sonic 10 %',
  ]);
});

test('of many owners the greatest are named, and the shares add up to a hundred', () => {
  const turns = Array.from({ length: 9 }, (_, n) => turn({ llm_model: `m${n}`, segment_llm: 1 + n / 100 }));
  const parts = ownerParts(silenceByOwner(turns));
  assert.equal(parts.length, 7);
  assert.match(parts.at(-1) ?? '', /^others \d+ %$/);
  const sum = parts.reduce((total, part) => total + Number(/(\d+) %$/.exec(part)?.[1]), 0);
  assert.equal(sum, 100);
});

test('no turns have no owners', () => {
  assert.deepEqual(silenceByOwner([]), []);
  assert.deepEqual(silenceByOwner([turn()]), []);
  assert.deepEqual(ownerParts([]), []);
});

test('whatever the turns, owners have what the segments have, to the microsecond, in any order', () => {
  const length = fc.option(fc.integer({ min: 0, max: 5_000_000 }).map((us) => us / 1e6));
  const anyTurn = fc
    .record({
      ...Object.fromEntries(SEGMENTS.map((segment) => [`segment_${segment}`, length])),
      llm_model: fc.constantFrom(null, 'a', 'b'),
    })
    .map((some) => turn(some as Partial<SilentTurn>));
  fc.assert(
    fc.property(fc.array(anyTurn, { maxLength: 20 }), (turns) => {
      const owners = silenceByOwner(turns);
      const us = (seconds: number | null) => Math.round((seconds ?? 0) * 1e6);
      const whole = turns.reduce(
        (sum, each) => sum + SEGMENTS.reduce((part, name) => part + us(each[`segment_${name}`]), 0),
        0,
      );
      assert.equal(
        owners.reduce((sum, { seconds }) => sum + us(seconds), 0),
        whole,
      );
      assert.ok(whole === 0 || Math.abs(owners.reduce((sum, { share }) => sum + share, 0) - 1) < 1e-9);
      assert.deepEqual(silenceByOwner(turns.toReversed()), owners);
    }),
  );
});
