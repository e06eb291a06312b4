import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Listener } from '../../../exporter/acoustics/heard.ts';
import { place } from '../../../exporter/acoustics/place.ts';
import type { ToldCall } from '../../../exporter/acoustics/told.ts';
import type { Stretch } from '../../../exporter/acoustics/voice-activity.ts';

const RATE = 8_000;

/** A tone as loud as a voice, where `loud` says so; noise and hum beneath it. */
function side(seconds: number, loud: (at: number) => number, noise = 0): Float32Array {
  let state = 1;
  return Float32Array.from({ length: seconds * RATE }, (_, index) => {
    state = (state * 16_807) % 2_147_483_647;
    const at = index / RATE;
    return loud(at) * Math.sin(index * 0.7) + noise * ((state / 2_147_483_647) * 2 - 1) + 0.02;
  });
}

const between =
  (...stretches: readonly [from: number, to: number, loud?: number][]) =>
  (at: number): number =>
    stretches.find(([from, to]) => at >= from && at < to)?.[2] ??
    (stretches.some(([from, to]) => at >= from && at < to) ? 0.3 : 0);

function heard(caller: Float32Array, agent: Float32Array = new Float32Array(caller.length)) {
  const listener = new Listener(RATE);
  // In pieces of uneven lengths, as files are read.
  for (let at = 0; at < caller.length; at += 1_237)
    listener.push(caller.subarray(at, at + 1_237), agent.subarray(at, at + 1_237));
  return listener.heard();
}

function assertStretches(found: readonly Stretch[], expected: readonly [number, number][]): void {
  const shown = JSON.stringify(found);
  assert.equal(found.length, expected.length, shown);
  for (const [index, { start, end }] of found.entries()) {
    const [from = Number.NaN, to = Number.NaN] = expected[index] ?? [];
    assert.ok(Math.abs(start - from) < 0.01 && Math.abs(end - to) < 0.01, shown);
  }
}

describe('who speaks when', () => {
  test('words with a short silence inside are one stretch; a click is none', () => {
    const { caller } = heard(side(6, between([1, 1.5], [1.6, 2], [3, 3.02], [4, 5])));
    assertStretches(caller.stretches, [
      [1, 2],
      [4, 5],
    ]);
  });

  test('a steady noise is none, from the moment that it has lasted for some seconds', () => {
    const sound = side(30, between([5, 6], [20, 21]), 0);
    const street = side(30, () => 0, 0.03);
    for (let index = 10 * RATE; index < sound.length; index++)
      sound[index] = (sound[index] ?? 0) + (street[index] ?? 0);
    const { stretches } = heard(sound).caller;
    assertStretches(
      stretches.filter(({ start }) => start < 9),
      [[5, 6]],
    );
    assertStretches(
      stretches.filter(({ start }) => start > 15),
      [[20, 21]],
    );
  });

  test('the echo of the agent is not the caller, who may speak over it', () => {
    const agent = side(8, between([1, 4], [5, 7]));
    const own = side(8, between([6, 7.5]));
    const echoing = own.map((sample, index) => sample + 0.08 * (agent[index - 1_600] ?? 0));
    assertStretches(heard(echoing, agent).caller.stretches, [[6, 7.5]]);
  });

  test('silence, numbers that are none, and sound beyond full scale are taken as they come', () => {
    assert.deepEqual(heard(new Float32Array(RATE)).caller, { stretches: [] });
    const wild = Float32Array.from(
      { length: 2 * RATE },
      (_, index) => [Number.NaN, Infinity, -1e30][index % 3] ?? 0,
    );
    assert.deepEqual(heard(wild).caller.stretches, []);
    assert.deepEqual(heard(new Float32Array(0)).caller.stretches, []);
  });
});

describe('where a recording lies in its call', () => {
  const WORDS = Array.from({ length: 40 }, (_, index) => {
    const start = index * 15 + ((index * 7) % 5);
    return {
      caller: { start, end: start + 2 + (index % 3) },
      agent: { start: start + 6, end: start + 9 + (index % 2) },
    };
  });
  const told: ToldCall = {
    seconds: 620,
    turns: [],
    caller: WORDS.map(({ caller }) => caller),
    agent: WORDS.map(({ agent }) => agent),
  };
  /** The same, recorded from an instant on by a clock of its own. */
  const recorded = (start: number, rate: number) => {
    const lane = (stretches: readonly Stretch[]) => ({
      stretches: stretches.map((each) => ({
        start: (each.start - start) / rate,
        end: (each.end - start) / rate,
      })),
    });
    return { seconds: (620 - start) / rate, caller: lane(told.caller), agent: lane(told.agent) };
  };

  test('is found, with the drift of its clock', () => {
    for (const rate of [1, 1 + 2e-4, 1 - 1e-4]) {
      const found = place(told, recorded(-12.34, rate));
      assert.ok(found);
      assert.ok(Math.abs(found.start + 12.34) < 0.01, JSON.stringify(found));
      assert.ok(Math.abs(found.rate - rate) < 5e-6, JSON.stringify(found));
    }
  });

  test('is found by one side where the journal knows nothing of the other', () => {
    for (const side of ['caller', 'agent']) {
      const found = place({ ...told, [side]: [] }, recorded(-3.21, 1));
      assert.ok(found && Math.abs(found.start + 3.21) < 0.01 && found.likeness > 0.9, JSON.stringify(found));
      assert.equal(found.swapped, undefined);
    }
  });

  test('is not known where one of them has no speech', () => {
    assert.equal(place({ ...told, caller: [], agent: [] }, recorded(0, 1)), undefined);
  });
});
