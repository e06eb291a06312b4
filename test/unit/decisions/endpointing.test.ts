import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { endpointingText } from '../../../cli/endpointing/render.ts';
import { endpointing } from '../../../exporter/decisions/endpointing.ts';
import type { EndpointingCall } from '../../../exporter/decisions/endpointing-call.ts';
import type { UserSilence } from '../../../exporter/decisions/user-silences.ts';
import { verifyEndpointing } from '../../../exporter/decisions/verify-endpointing.ts';
import { type Random, seeded } from '../../../exporter/statistics/random.ts';
import { countWhile } from '../../../model/count-while.ts';
import { normal } from './simulated-turns.ts';

/** How users really pause: so often in what they say, lognormal, with a median of 0.3 s. */
const PAUSES = 0.6;
const pauseOf = (random: Random): number => 0.3 * Math.exp(0.5 * normal(random));
const US = 1e6;

/** A call of users who pause, and of an agent that waits so long before it answers. */
function callOf(delay: number, random: Random, startUs = 0): EndpointingCall {
  const silences: UserSilence[] = [];
  const turns: EndpointingCall['turns'][number][] = [];
  let overAnswer = 0;
  const commit = { committed: delay * US };
  for (let turn = 0; turn < 6; turn += 1) {
    // Poisson, by its gaps.
    const gap = (): number => -Math.log(1 - random.share());
    for (let at = gap(); at < PAUSES; at += gap()) {
      const length = Math.round(pauseOf(random) * US);
      const heard = Math.round((delay + 0.4 + 0.8 * random.share()) * US);
      if (length <= commit.committed) silences.push({ length, spokenOn: true });
      else {
        silences.push({ length: Math.min(length, heard), spokenOn: length < heard, commit });
        if (length >= heard) overAnswer += 1;
      }
    }
    const playback = Math.round((delay + 0.4 + 0.8 * random.share()) * US);
    silences.push({ length: playback, spokenOn: false, commit });
    turns.push({ schedule: { committed: commit.committed, playback }, earlier: [], isSynthesised: false });
  }
  return { startUs, silences, turns, overAnswer };
}

const world = (delay: number, calls: number, seed: number): EndpointingCall[] => {
  const random = seeded(seed);
  return Array.from({ length: calls }, (_, index) => callOf(delay, random, index));
};

/** How long so many pauses really are: the truth, drawn once. */
const TRUE_PAUSES = (() => {
  const random = seeded(77);
  return Float64Array.from({ length: 200_000 }, () => pauseOf(random)).sort();
})();

/** Pauses by turns that last longer than one delay and no longer than another. */
const truth = (from: number, until: number): number => {
  const upTo = (delay: number) =>
    countWhile(TRUE_PAUSES.length, (index) => (TRUE_PAUSES[index] as number) <= delay);
  return (PAUSES * (upTo(until) - upTo(from))) / TRUE_PAUSES.length;
};

test('where the delay was not one, none is advised', () => {
  const calls = [...world(0.6, 60, 1), ...world(0.3, 60, 2)];
  const result = endpointing(calls, { replicates: 60 });
  assert.equal(result.recommended, undefined);
  const text = endpointingText(
    [{ agent: 'a', language: 'en', turns: result.turns, result }],
    { cutOffSeconds: 5 },
    100,
    (_, of) => of,
  );
  assert.match(text, /No delay is advised: the calls have several \(300 ms to 600 ms, p10 to p90\)\./);
  assert.doesNotMatch(text, /Best:|best/);
});

describe('of users whose pauses are known', () => {
  const SEEDS = 100;
  const LEVEL_SEEDS = 20;
  const held = { shorter: 0, longer: 0, level: 0 };
  const [less, more] = [truth(0.4, 0.5), truth(0.5, 0.6)];
  let saved = Number.NaN;
  for (let seed = 0; seed < SEEDS; seed += 1) {
    const result = endpointing(world(0.5, 100, seed + 1), { seed, replicates: 80 });
    const at = (delay: number) => result.frontier.find((point) => point.delay === delay);
    const [shorter, longer] = [at(0.4), at(0.6)];
    assert.ok(shorter && longer, 'both delays are looked at');
    if (shorter.more.low <= less && shorter.more.high >= less) held.shorter += 1;
    if (longer.more.low <= -more && longer.more.high >= -more) held.longer += 1;
    const level = seed < LEVEL_SEEDS ? truth(0.5, result.seen.until) : Number.NaN;
    if (result.cutOffs.low <= level && result.cutOffs.high >= level) held.level += 1;
    saved = shorter.saved.value;
  }
  test('the interval of a shorter delay holds how many more it cuts off in 85 of 100 seeds or more', () =>
    assert.ok(held.shorter >= 85, `${held.shorter}`));
  test('and that of a longer one how many fewer, though the agent has spoken by then now and again', () =>
    assert.ok(held.longer >= 85, `${held.longer}`));
  test('and that of the delay of today how many it cuts off', () =>
    assert.ok(held.level >= 0.8 * LEVEL_SEEDS, `${held.level}`));
  test('what it saves is what the silence is shorter', () =>
    assert.ok(Math.abs(saved - 0.1) < 1e-9, `${saved}`));
});

test('the best delay is where saving more is not worth more cut-offs, and depends on what one is worth', () => {
  const calls = world(0.9, 250, 3);
  const dear = endpointing(calls, { cutOffSeconds: 20, replicates: 60 }).recommended?.delay ?? 0.9;
  const cheap = endpointing(calls, { cutOffSeconds: 1, replicates: 60 }).recommended?.delay ?? 0.9;
  assert.ok(cheap < dear, `${cheap} and ${dear}`);
  // The gain is greatest where the density of pauses, times what one costs, is 1.
  const density = (delay: number) => (truth(delay - 0.02, delay + 0.02) / 0.04) * 1;
  assert.ok(density(cheap - 0.1) > 1 || cheap <= 0.15, 'a shorter one would cut off too many');
  assert.ok(density(cheap + 0.1) < 1, 'a longer one would save less');
});

test('nothing is recommended where nothing is better beyond doubt', () => {
  const best = endpointing(world(0.9, 250, 3), { replicates: 60 }).recommended?.delay;
  assert.ok(best !== undefined);
  assert.equal(endpointing(world(best, 60, 9)).recommended, undefined);
});

test('of a few turns no length of a pause is seen often enough', () => {
  const { cutOffs, frontier, recommended } = endpointing(world(0.5, 3, 1));
  assert.ok(Number.isNaN(cutOffs.value));
  assert.deepEqual([frontier, recommended], [[], undefined]);
  const changed = verifyEndpointing(world(0.5, 3, 1), world(0.4, 3, 2));
  assert.equal(changed.cutOffs.asPredicted, undefined);
});

test('without recorded pauses nothing is said of shorter delays', () => {
  const calls = world(0.5, 120, 4).map((call) => ({
    ...call,
    silences: call.silences.filter(({ commit }) => commit !== undefined),
  }));
  const { frontier, seen } = endpointing(calls, { replicates: 10 });
  assert.ok(
    frontier.every(({ delay }) => delay >= 0.5),
    `${frontier.map(({ delay }) => delay)}`,
  );
  assert.ok(seen.from >= 0.45);
  assert.ok(
    !endpointing(calls, { delay: 0.22, replicates: 10 }).frontier.some(({ delay }) => delay === 0.22),
  );
  const { cutOffs, silence } = verifyEndpointing(calls, world(0.3, 120, 5));
  assert.ok(Number.isNaN(cutOffs.predicted.value) && cutOffs.asPredicted === undefined);
  assert.equal(silence.asPredicted, true);
});

test('pauses are looked for from the first call that has one: what an earlier version did not record is not taken for none', () => {
  const recorded = world(0.5, 150, 5).map((call) => ({ ...call, startUs: call.startUs + 1_000 }));
  const unrecorded = world(0.5, 150, 6).map((call) => ({
    ...call,
    silences: call.silences.filter(({ commit }) => commit !== undefined),
  }));
  const { frontier } = endpointing([...recorded, ...unrecorded], { replicates: 10 });
  const point = frontier.find(({ delay }) => delay === 0.4);
  const really = truth(0.4, 0.5);
  assert.ok(point && Math.abs(point.more.value - really) < 0.02, `${point?.more.value}, really ${really}`);
});

describe('after a change', () => {
  test('what was predicted is what is measured, where users pause as before', () => {
    const { delay, silence, cutOffs } = verifyEndpointing(world(0.6, 200, 11), world(0.4, 200, 12));
    assert.deepEqual(delay, { before: 0.6, after: 0.4 });
    assert.ok(Math.abs(silence.predicted.value - (silence.before - 0.2)) < 1e-9);
    assert.ok(silence.asPredicted && cutOffs.asPredicted, JSON.stringify({ silence, cutOffs }));
    assert.ok(cutOffs.predicted.value > cutOffs.before);
  });

  test('and something else that changed shows', () => {
    const slower = world(0.4, 200, 12).map((call) => ({
      ...call,
      turns: call.turns.map((turn) => ({
        ...turn,
        schedule: { ...turn.schedule, playback: turn.schedule.playback + 300_000 },
      })),
    }));
    assert.equal(verifyEndpointing(world(0.6, 200, 11), slower).silence.asPredicted, false);
  });
});
