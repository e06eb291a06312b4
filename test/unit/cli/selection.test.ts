import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UsageError } from '../../../cli/command.ts';
import { filterOfSelection, isSelection, readSelection } from '../../../cli/selection.ts';

test('a selection names what calls are, and when they were', () => {
  assert.deepEqual(readSelection('A', 'version=1.5.0'), { 'service-version': ['1.5.0'] });
  assert.deepEqual(readSelection('A', 'agent=front-desk, model=gpt-4.1-mini last 7d'), {
    agent: ['front-desk'],
    model: ['gpt-4.1-mini'],
    since: '7d',
  });
  assert.deepEqual(readSelection('A', '2026-11-01..2026-11-08'), {
    since: '2026-11-01',
    until: '2026-11-08',
  });
  assert.deepEqual(readSelection('A', '7d..'), { since: '7d' });
  assert.deepEqual(readSelection('A', 'campaign="spring recall" campaign=autumn tag=plan=gold'), {
    campaign: ['spring recall', 'autumn'],
    tag: ['plan=gold'],
  });
});

test('options of the command hold where the selection says nothing else', () => {
  const options = {
    agent: ['front-desk'],
    since: '2026-11-01',
    until: '2026-11-20',
    'service-version': ['1'],
  };
  const { agent, serviceVersion, since } = filterOfSelection('A', 'version=2', options, true);
  assert.deepEqual([agent, serviceVersion, since], [['front-desk'], ['2'], Date.UTC(2026, 10, 1) * 1_000]);
  const other = filterOfSelection('A', '2026-10-01..', options, true);
  assert.deepEqual([other.since, other.until], [Date.UTC(2026, 9, 1) * 1_000, undefined]);
});

test('what is no selection is said, with what can be', () => {
  for (const text of ['1.5.0', 'colour=red', 'version=', 'version=1 oops', '', '..'])
    assert.throws(
      () => readSelection('A', text),
      (error: Error) => error instanceof UsageError && /^A: saw .*, expected NAME=VALUE/.test(error.message),
      text,
    );
});

test('a file is told apart from a selection', () => {
  assert.ok(isSelection('last 7d') && isSelection('version=1') && isSelection('7d..'));
  assert.ok(!isSelection('baseline.json') && !isSelection('out/baseline'));
});
