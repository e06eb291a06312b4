import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareCalls, type FigureDifference } from '../../../exporter/comparison/compare.ts';
import { caution, showDifference, verdictInWords } from '../../../exporter/comparison/words.ts';
import { seeded } from '../../../exporter/statistics/random.ts';
import type { CallSample } from '../../../exporter/store/views/index.ts';
import { SEGMENTS } from '../../../model/vocabulary.ts';

const LLM = 1 + SEGMENTS.indexOf('llm');

/** Calls of four turns whose silence is all the model's, from 0.8 to 1.2 s, and a cost of two cents a minute. */
function sample(
  count: number,
  seed: number,
  more: { later?: number; cost?: number | null; fails?: number } = {},
): CallSample[] {
  const random = seeded(seed);
  const { later = 0, cost = 0.02, fails = 0.25 } = more;
  return Array.from({ length: count }, (_, n) => ({
    call: `default/${seed}-${n}` as const,
    seconds: 60,
    cost: cost === null ? null : cost * (0.9 + 0.2 * random.share()),
    isUnpriced: false,
    outcome: random.share() < fails ? 'FAIL' : 'SUCCESS',
    turns: 4,
    interruptions: random.share() < 0.2 ? 1 : 0,
    silences: Array.from({ length: 4 }, () => {
      const seconds = 0.8 + later + 0.4 * random.share();
      const parts = [seconds, ...SEGMENTS.map(() => 0)];
      parts[LLM] = seconds;
      return parts;
    }),
  }));
}

const OPTIONS = { replicates: 300 };
const find = (figures: readonly FigureDifference[], name: string): FigureDifference => {
  const figure = figures.find((each) => each.name === name);
  assert.ok(figure, name);
  return figure;
};

test('a later answer is worse, and it is said by how much, with the interval, and where', () => {
  const figures = compareCalls(sample(200, 1), sample(200, 2, { later: 0.2 }), OPTIONS);
  const { difference, interval, judgment, of } = find(figures, 'silence_p95');
  assert.ok(Math.abs((difference ?? 0) - 0.2) < 0.02);
  assert.ok(interval && interval[0] < 0.2 && interval[1] > 0.2);
  assert.equal(judgment, 'worse');
  assert.deepEqual(of, { unit: 'turns', a: 800, b: 800 });
  assert.match(
    verdictInWords(figures),
    /^B answers \d+ ms later at p95 \(1\d\d to 2\d\d ms\); .*cost no different; .* Most of it is in llm: \+\d+ ms on average\.$/,
  );
});

test('what is dearer is worse, and what succeeds more often better', () => {
  const figures = compareCalls(sample(400, 1), sample(400, 2, { cost: 0.03, fails: 0.05 }), OPTIONS);
  assert.equal(find(figures, 'cost_per_minute').judgment, 'worse');
  assert.equal(find(figures, 'outcome_success').judgment, 'better');
  assert.equal(find(figures, 'outcome_fail').judgment, 'better');
  assert.match(
    verdictInWords(figures),
    /a minute costs \$0\.0\d+ more \(\$0\.00\d+ to \$0\.01\d+\); \d+\.\d points more calls succeed \(/,
  );
});

test('no difference is said only where the interval shows that there is none that matters', () => {
  const many = compareCalls(sample(400, 1), sample(400, 2), OPTIONS);
  assert.equal(find(many, 'silence_p50').judgment, 'same');
  const few = compareCalls(sample(25, 1), sample(25, 2), OPTIONS);
  assert.equal(find(few, 'outcome_success').judgment, 'unclear');
  assert.match(verdictInWords(few), /success not clear \([−+]\d+\.\d to \+\d+\.\d points\)/);
});

test('of too little nothing is said, and why', () => {
  const few = compareCalls(sample(100, 1), sample(2, 2, { later: 5 }), OPTIONS);
  const { judgment, note, interval } = find(few, 'silence_p50');
  assert.deepEqual([judgment, note, interval], ['too_few', 'too few turns: 8 of B, needs 30', null]);
  assert.equal(find(few, 'silence_p95').note, 'too few turns: 8 of B, needs 100');
  const calls = compareCalls(sample(100, 1), sample(10, 2), OPTIONS);
  assert.equal(find(calls, 'silence_p50').note, 'too few calls: 10 of B, needs 20');
  assert.match(verdictInWords(few), /too few turns: 8 of B, needs 100/);
  assert.equal(verdictInWords(compareCalls([], [], OPTIONS)), 'Nothing is known of both.');
});

test('what neither side knows is left out', () => {
  const figures = compareCalls(sample(40, 1, { cost: null }), sample(40, 2, { cost: null }), OPTIONS);
  const names = figures.map(({ name }) => name);
  assert.ok(!names.some((name) => name.startsWith('cost_')));
  assert.ok(!names.includes('segment_tools_mean') && !names.includes('outcome_busy'));
});

test('means of segments add up to the mean of the silence', () => {
  const figures = compareCalls(sample(40, 1), sample(40, 2, { later: 0.1 }), OPTIONS);
  const segments = figures.filter(({ name }) => /^segment_.*_mean$/.test(name));
  const sum = segments.reduce((all, { difference }) => all + (difference ?? 0), 0);
  assert.ok(Math.abs(sum - (find(figures, 'silence_mean').difference ?? 0)) < 1e-9);
});

test('it is said how many figures chance alone would mark', () => {
  const figures = compareCalls(sample(40, 1), sample(40, 2), OPTIONS);
  assert.match(caution(figures), /\d+ figures are compared: about 1 of them would be marked by chance alone/);
});

test('differences are written with their sign', () => {
  assert.equal(showDifference('seconds', -0.1204), '−120 ms');
  assert.equal(showDifference('USD', 0.00213), '+$0.0021');
  assert.equal(showDifference('ratio', -0.008), '−0.8 points');
  assert.equal(showDifference('seconds', -0.0004), '0 ms');
});

test('scores are compared by their means, over the calls that have them, and judged neither better nor worse', () => {
  const scored = (count: number, seed: number, tone: number): CallSample[] => {
    const random = seeded(seed + 100);
    return sample(count, seed).map((call, n) => ({
      ...call,
      ...(n % 2 === 0 && { scores: { tone: tone + 0.1 * random.share(), ...(n === 0 && { zeal: 1 }) } }),
    }));
  };
  const figures = compareCalls(scored(200, 1, 0.5), scored(200, 2, 0.7), OPTIONS);
  const tone = find(figures, 'score_tone');
  assert.ok(Math.abs((tone.difference ?? 0) - 0.2) < 0.01 && tone.interval !== null);
  assert.deepEqual(
    [tone.judgment, tone.unit, tone.of],
    ['other', 'score', { unit: 'calls', a: 100, b: 100 }],
  );
  assert.equal(showDifference('score', 0.2), '+0.2');
  assert.equal(find(figures, 'score_zeal').judgment, 'too_few');
  assert.deepEqual(
    compareCalls(sample(30, 1), sample(30, 2), OPTIONS).filter(({ name }) => name.startsWith('score_')),
    [],
  );
});

test('a score that is the same in every call does not differ, and great ones are written in groups of digits', () => {
  const scored = (count: number, seed: number): CallSample[] =>
    sample(count, seed).map((call) => ({ ...call, scores: { tone: 0.1 } }));
  const { a, b, difference, interval, judgment } = find(
    compareCalls(scored(33, 1), scored(47, 2), OPTIONS),
    'score_tone',
  );
  assert.deepEqual([a, b, difference, interval, judgment], [0.1, 0.1, 0, [0, 0], 'same']);
  assert.equal(showDifference('score', -1_234_567), '−1,235,000');
});
