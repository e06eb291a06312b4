import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { FIGURE_NAMES, type FigureName } from '../../../exporter/checks/figures.ts';
import { intervalsOf } from '../../../exporter/checks/intervals.ts';
import { mayBeChance, showInterval } from '../../../exporter/checks/words.ts';
import { finished } from '../../../exporter/statistics/pieces.ts';
import { type Random, seeded } from '../../../exporter/statistics/random.ts';
import { callKey } from '../../../exporter/store/index.ts';
import type { CallSample } from '../../../exporter/store/views/index.ts';
import { checkedLines, checkNotes, checkSentence, inFields, timeBefore } from '../../../ui/shared/check.ts';
import { normal } from '../decisions/simulated-turns.ts';

const CALLS = 80;
const SEEDS = 100;
const SIGMA = 0.5;
const CALL_SIGMA = 0.2;

/** Silences are lognormal, and calls are slow or quick as a whole; a fifth is interrupted, three quarters succeed. */
function callOf(index: number, random: Random): CallSample {
  const slow = CALL_SIGMA * normal(random);
  const turns = 2 + random.below(8);
  return {
    call: callKey(`${index}`),
    seconds: 60,
    cost: 0.02 + 0.02 * random.share(),
    isUnpriced: false,
    outcome: random.share() < 0.1 ? null : random.share() < 0.75 ? 'SUCCESS' : 'FAIL',
    turns,
    interruptions: Array.from({ length: turns }, () => random.share()).filter((share) => share < 0.2).length,
    silences: Array.from({ length: turns }, () => [0.6 * Math.exp(slow + SIGMA * normal(random))]),
  };
}

const sigma = Math.hypot(SIGMA, CALL_SIGMA);
const TRUTH: Readonly<Record<Exclude<FigureName, 'unpriced'>, number>> = {
  'silence-p50': 0.6,
  'silence-p95': 0.6 * Math.exp(1.6449 * sigma),
  'cost-per-minute': 0.03,
  'cost-per-call': 0.03,
  'interruption-rate': 0.2,
  'success-rate': 0.75,
};

describe('intervals of figures that have limits', () => {
  const held = new Map<FigureName, number>();
  for (let seed = 1; seed <= SEEDS; seed += 1) {
    const random = seeded(seed);
    const samples = Array.from({ length: CALLS }, (_, index) => callOf(index, random));
    const intervals = finished(intervalsOf(samples, FIGURE_NAMES, { seed, replicates: 200 }));
    for (const [name, truth] of Object.entries(TRUTH) as [keyof typeof TRUTH, number][]) {
      const [low, high] = intervals[name] ?? assert.fail(name);
      if (low <= truth && truth <= high) held.set(name, (held.get(name) ?? 0) + 1);
    }
  }
  for (const name of Object.keys(TRUTH) as FigureName[])
    test(`those of ${name} hold the true one in 88 of ${SEEDS} samples or more`, () => {
      assert.ok((held.get(name) ?? 0) >= 88, `${held.get(name)}`);
    });
});

test('of fewer than twenty calls, and of counts, there is none', () => {
  const random = seeded(1);
  const samples = Array.from({ length: 19 }, (_, index) => callOf(index, random));
  assert.deepEqual(finished(intervalsOf(samples, FIGURE_NAMES)), {});
  assert.deepEqual(finished(intervalsOf([], FIGURE_NAMES)), {});
  const more = [...samples, callOf(19, random)];
  assert.deepEqual(finished(intervalsOf(more, ['unpriced'])), {});
  assert.deepEqual(
    finished(intervalsOf(more, ['silence-p95'], { seed: 4 })),
    finished(intervalsOf(more, ['silence-p95'], { seed: 4 })),
  );
});

test('a verdict is shown with what may be chance, and what it comes to in a sentence', () => {
  const base = { figure: 'silence-p95', value: 1.24, from: 'limit', count: 512 } as const;
  const near = { ...base, status: 'broken', limit: 1.2, interval: [1.13, 1.39] } as const;
  const far = { ...near, limit: 0.9 } as const;
  assert.deepEqual([near, far].map(mayBeChance), [true, false]);
  assert.equal(showInterval(near), '1130 to 1390 ms');
  assert.equal(showInterval(base as typeof near), '');
  const [line] = checkedLines({ verdicts: [near] });
  assert.deepEqual(line, {
    figure: 'silence-p95',
    is: '1240 ms',
    interval: '1130 to 1390 ms',
    expected: 'at most 1200 ms',
    of: '512 turns',
    status: 'broken',
    note: 'may be chance',
  });
  assert.match(checkNotes({ verdicts: [far, near], notes: ['a'] }).join('\n'), /^a\nMay be chance: /);
  assert.deepEqual(checkNotes({ verdicts: [far], notes: [] }), []);
  const few = { ...base, figure: 'success-rate', status: 'unknown', limit: null, note: 'x' } as const;
  assert.equal(
    checkSentence({ verdicts: [near, few], calls: 88 }),
    'Broken: silence-p95. Not judged: success-rate.',
  );
  assert.equal(
    checkSentence({ verdicts: [few], calls: 1 }),
    'Nothing can be judged of 1 call. Not judged: success-rate.',
  );
  assert.equal(
    checkSentence({ verdicts: [{ ...near, status: 'holds' }], calls: 88 }),
    'All that can be judged holds, of 88 calls.',
  );
});

test('the time before is as long, where a time is known', () => {
  assert.deepEqual(['7d', '24h', 'all', '2026-11-01'].map(timeBefore), [
    'since=14d',
    'since=48h',
    undefined,
    undefined,
  ]);
});

test('an error names the field that people see', () => {
  assert.equal(
    inFields('limit_silence_p95: saw 900, expected a duration: 1s'),
    '“Silence p95, at most”: saw 900, expected a duration: 1s',
  );
  assert.match(inFields('baseline: saw since=1d'), /^“And no worse than”: saw/);
  for (const text of ['seed: saw x', 'no answer']) assert.equal(inFields(text), text);
});
