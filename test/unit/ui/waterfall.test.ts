import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { StageFact } from '../../../model/facts.ts';
import { barsOf, drawnIn, windowOf } from '../../../ui/shared/waterfall.ts';
import { turnFact } from '../../support/call-rows.ts';

const stage = (
  kind: StageFact['stage'],
  startUs: number,
  endUs: number,
  rest: Partial<StageFact> = {},
): StageFact => ({
  type: 'stage',
  stage: kind,
  traceId: 't',
  spanId: `${kind} ${startUs}`,
  callId: 'call',
  name: kind,
  startUs,
  endUs,
  ...rest,
});

test('a turn is drawn as the speech of its user and its stages, a playback as heard from its start', () => {
  const fact = turnFact('call', 0, { speechStartedUs: 10, speechEndedUs: 20 });
  const bars = barsOf({
    fact,
    stages: [
      stage('llm', 21, 40, { firstByteUs: 30, model: 'm' }),
      stage('playback', 45, 90, { cancelled: true }),
    ],
  });
  assert.deepEqual(bars, [
    { kind: 'speech', start: 10, end: 20 },
    { kind: 'llm', start: 21, end: 40, first: 30, model: 'm' },
    { kind: 'playback', start: 45, end: 90, first: 45, cancelled: true },
  ]);
});

test('the window is the silence with a second around it, and no more than the turn', () => {
  const bars = barsOf({ stages: [stage('stt', 0, 9), stage('playback', 12, 30)] });
  assert.deepEqual(windowOf(bars, 2), { start: 9, end: 13 });
  assert.deepEqual(windowOf(bars, 11.5), { start: 0, end: 13 });
  assert.deepEqual(windowOf(bars, null), { start: 0, end: 30 });
  assert.equal(windowOf([], 1), undefined);
});

test('what is outside of the window is not drawn, and what reaches beyond it says so', () => {
  const window = { start: 10, end: 20 };
  const bar = { kind: 'llm', start: 5, end: 15, first: 12 } as const;
  assert.deepEqual(drawnIn(bar, window), { from: 0, to: 0.5, first: 0.2, before: true, after: false });
  assert.equal(drawnIn({ kind: 'tts', start: 21, end: 22 }, window), undefined);
});
