import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readBaseline, readLimits, readScoreLimits } from '../../../cli/check/options.ts';
import { asAnnotations, asJunit, asMarkdown, asText } from '../../../cli/check/render.ts';
import { type Io, UsageError } from '../../../cli/command.ts';
import { check } from '../../../cli/commands/check.ts';
import { FIGURE_NAMES, FIGURES, type Figures } from '../../../exporter/checks/figures.ts';
import { exitCodeOf, judge, type Limits } from '../../../exporter/checks/judge.ts';

const NEEDS = { turns: 30, calls: 10 };
const figures = (more: Partial<Figures> = {}): Figures => ({
  'silence-p50': { value: 0.6, count: 500 },
  'silence-p95': { value: 1.24, count: 500 },
  'cost-per-minute': { value: 0.05, count: 100 },
  'cost-per-call': { value: 0.2, count: 100 },
  'interruption-rate': { value: 0.04, count: 480 },
  'success-rate': { value: 0.75, count: 80 },
  unpriced: { value: 0, count: 100 },
  ...more,
});
const judged = (limits: Limits, more: Partial<Figures> = {}) =>
  judge(figures(more), limits, { needs: NEEDS });
const statuses = (verdicts: ReturnType<typeof judge>) => verdicts.map(({ status }) => status);

test('a figure may be what its limit is, and no more; of those that should be high, no less', () => {
  assert.deepEqual(statuses(judged({ 'cost-per-minute': 0.05 })), ['holds']);
  assert.deepEqual(statuses(judged({ 'silence-p95': 0.9 })), ['broken']);
  assert.deepEqual(statuses(judged({ 'success-rate': 0.75 })), ['holds']);
  assert.deepEqual(statuses(judged({ 'success-rate': 0.8 })), ['broken']);
  assert.deepEqual(statuses(judged({ unpriced: 0 })), ['holds']);
});

test('of too few turns nothing is said, nor of what is not known', () => {
  const [few] = judged({ 'silence-p95': 0.9 }, { 'silence-p95': { value: 5, count: 7 } });
  assert.deepEqual([few?.status, few?.note], ['unknown', 'too few turns: 7, needs 30']);
  const [none] = judged({ 'success-rate': 0.5 }, { 'success-rate': { value: null, count: 90 } });
  assert.deepEqual([none?.status, none?.note], ['unknown', 'not known of any']);
});

test('a cost that is a lower bound is said to be one', () => {
  const [verdict] = judged(
    { 'cost-per-call': 0.3 },
    { 'cost-per-call': { value: 0.2, count: 100, lowerBound: true } },
  );
  assert.equal(verdict?.status, 'holds');
  assert.match(verdict?.note ?? '', /^at least/);
});

test('by a baseline, no figure may be worse by more than the tolerance', () => {
  const baseline = {
    figures: { 'silence-p95': 1.2, 'success-rate': 0.9, 'cost-per-call': 0.1 },
    tolerance: 0.1,
  };
  const verdicts = judge(figures(), {}, { baseline, needs: NEEDS });
  assert.deepEqual(
    verdicts.map(({ figure, status, from }) => `${figure} ${status} ${from}`),
    ['silence-p95 holds baseline', 'cost-per-call broken baseline', 'success-rate broken baseline'],
  );
});

test('the exit code says the worst: 1 before 2 before 0', () => {
  const status = fc.constantFrom('holds' as const, 'broken' as const, 'unknown' as const);
  fc.assert(
    fc.property(fc.array(status), (all) => {
      const verdicts = all.map((each) => ({ ...judged({ unpriced: 0 })[0], status: each }) as never);
      const code = exitCodeOf(verdicts);
      assert.equal(code, all.includes('broken') ? 1 : all.includes('unknown') ? 2 : 0);
    }),
  );
});

test('a looser limit never breaks what a tighter one does not', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...FIGURE_NAMES),
      fc.double({ min: 0, max: 2, noNaN: true }),
      fc.double({ min: 0, max: 2, noNaN: true }),
      (name, a, b) => {
        const atLeast = 'atLeast' in FIGURES[name];
        const [tight, loose] = atLeast ? [Math.max(a, b), Math.min(a, b)] : [Math.min(a, b), Math.max(a, b)];
        if (statuses(judged({ [name]: tight }))[0] === 'holds')
          assert.equal(statuses(judged({ [name]: loose }))[0], 'holds');
      },
    ),
  );
});

test('limits are read as people write them, and nothing else is one', () => {
  assert.deepEqual(
    readLimits({
      'silence-p95': '900ms',
      'silence-p50': '1.2s',
      'cost-per-call': '$0.20',
      'interruption-rate': '10%',
      'success-rate': '.8',
      unpriced: '3',
      other: 'x',
    }),
    {
      'silence-p95': 0.9,
      'silence-p50': 1.2,
      'cost-per-call': 0.2,
      'interruption-rate': 0.1,
      'success-rate': 0.8,
      unpriced: 3,
    },
  );
  for (const [name, text] of [
    ['silence-p95', 'fast'],
    ['silence-p95', '900'],
    ['silence-p95', '99999999999d'],
    ['cost-per-minute', '1e-3'],
    ['interruption-rate', '101%'],
    ['interruption-rate', '-1'],
    ['unpriced', '1.5'],
  ] as const)
    assert.throws(() => readLimits({ [name]: text }), UsageError, `${name} ${text}`);
});

test('a limit of a score is a name, >= or <=, and a number as earshot score takes it; what is wrong with another is said', () => {
  const limits = (...texts: string[]) =>
    readScoreLimits(texts).map(({ name, bound, limit }) => [name, bound, limit]);
  assert.deepEqual(limits('tone>=0.8', ' tone <=  1e3 ', 'tone>= -.5', 'a.b-c<=+2.'), [
    ['tone', 'at_least', 0.8],
    ['tone', 'at_most', 1_000],
    ['tone', 'at_least', -0.5],
    ['a.b-c', 'at_most', 2],
  ]);
  for (const text of ['tone', 'tone=1', 'tone>1', 'tone==1', 'tone=>1', '>=1', 'tone>=', 'tone>=1<=2'])
    assert.throws(
      () => limits(text),
      { name: 'UsageError', message: /expected a name, >= or <=, and a limit/ },
      text,
    );
  assert.throws(() => limits('-tone>=1'), /saw -tone>=1, expected a name of 1 to 64 letters/);
  for (const text of ['tone>=good', 'tone>=NaN', 'tone<=1e16', 'tone<=90%'])
    assert.throws(() => limits(text), /expected a number from -1e\+15 to 1e\+15 as the limit/, text);
});

test('a tolerance without a baseline is refused, before any database is opened', async () => {
  const options = { unpriced: '0', tolerance: '10%' };
  await assert.rejects(async () => check.run({ arguments: [], options, io: {} as Io }), {
    name: 'UsageError',
    message: /^--tolerance goes with --baseline/,
  });
});

test('a baseline is what check --json wrote, and nothing else', () => {
  assert.deepEqual(readBaseline('{"figures":{"silence-p95":1.2,"cost-per-call":null,"other":3}}', 'f'), {
    'silence-p95': 1.2,
  });
  for (const text of ['', '[]', '3', '{"figures":4}', 'null'])
    assert.throws(() => readBaseline(text, 'f'), /f is not what earshot check --json writes/, text);
});

test('the report, the table, the annotations and JUnit say the same', () => {
  const verdicts = judged(
    { 'silence-p95': 0.9, 'interruption-rate': 0.05, unpriced: 0 },
    { unpriced: { value: null, count: 3 } },
  );
  assert.equal(
    asText(verdicts, Number.POSITIVE_INFINITY, (_, text) => text),
    `CHECK                   IS  EXPECTED               OF  VERDICT
silence-p95        1240 ms  at most 900 ms  500 turns  broken
interruption-rate    4.0 %  at most 5.0 %   480 turns  holds
unpriced                 –  at most 0         3 calls  unknown  too few calls: 3, needs 10`,
  );
  const [first, ...rest] = verdicts;
  assert.ok(first);
  assert.match(
    asText([{ ...first, interval: [1.13, 1.39] }, ...rest], Number.POSITIVE_INFINITY, (_, text) => text),
    /^silence-p95 +1240 ms {2}1130 to 1390 ms {2}at most 900 ms {2}500 turns {2}broken$/m,
  );
  assert.match(
    asMarkdown(verdicts),
    /^\| silence-p95 \| 1240 ms \| – \| at most 900 ms \| 500 turns \| broken \|$/m,
  );
  assert.deepEqual(asAnnotations(verdicts), [
    '::error title=earshot check::silence-p95 is 1240 ms, expected at most 900 ms (500 turns)',
    '::warning title=earshot check::unpriced is –, expected at most 0 (3 calls); too few calls: 3, needs 10',
  ]);
  const junit = asJunit(verdicts);
  assert.match(junit, /<testsuite name="earshot check" tests="3" failures="1" errors="1">/);
  assert.match(junit, /<failure message="silence-p95 is 1240 ms, expected at most 900 ms \(500 turns\)"\/>/);
  assert.match(junit, /name="interruption-rate at most 5\.0 %"><\/testcase>/);
});

test('what a percent sign means to GitHub is escaped', () => {
  assert.match(
    asAnnotations(judged({ 'success-rate': 0.8 }))[0] ?? '',
    /is 75\.0 %25, expected at least 80\.0 %25/,
  );
});
