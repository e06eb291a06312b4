import assert from 'node:assert/strict';
import { test } from 'node:test';
import { roundTicks } from '../../../ui/shared/axis.ts';
import {
  showCount,
  showDayAndHour,
  showDuration,
  showInstant,
  showLimit,
  showMoment,
  showMoney,
  showSeconds,
  showShare,
  showWord,
} from '../../../ui/shared/format.ts';
import { knownFrom } from '../../../ui/shared/known-from.ts';

test('what is not known is a dash and never 0', () => {
  for (const show of [showSeconds, showDuration, showMoney, showShare, showCount]) {
    assert.equal(show(null), '–');
    assert.equal(show(undefined), '–');
  }
  assert.equal(showMoney('0'), '$0');
  assert.equal(showShare(0), '0 %');
});

test('figures have as many places as they mean', () => {
  assert.deepEqual([0.4124, 0.9996, 1.234, 12.34].map(showSeconds), ['412 ms', '1.00 s', '1.23 s', '12.3 s']);
  assert.deepEqual([0, 0.3, 1.2, 5].map(showLimit), ['0 s', '300 ms', '1.2 s', '5 s']);
  assert.deepEqual([59.6, 92, 3_700].map(showDuration), ['1:00', '1:32', '1:01:40']);
  assert.deepEqual(['0.0000236', '0.02671', '1284.5'].map(showMoney), ['<$0.0001', '$0.0267', '$1,284.50']);
  assert.deepEqual([0.0004, 0.0123, 0.826, 1].map(showShare), ['0 %', '1.2 %', '83 %', '100 %']);
  assert.deepEqual([7, 999.6, 1_234_567, -12_345].map(showCount), ['7', '1,000', '1,234,567', '-12,345']);
  assert.deepEqual(['barge_in', 'NO_ANSWER'].map(showWord), ['barge-in', 'no answer']);
});

test('an instant has its day unless that is the reader’s own', (t) => {
  const zone = process.env.TZ;
  t.after(() => {
    if (zone === undefined) delete process.env.TZ;
    else process.env.TZ = zone;
  });
  process.env.TZ = 'Europe/Berlin';
  const now = new Date('2026-11-29T12:00:00Z');
  assert.equal(showInstant('2026-11-29T08:30:01.5Z', now), '09:30:01');
  assert.equal(showInstant('2026-11-28T23:30:00Z', now), '00:30:00');
  assert.equal(showInstant('2025-11-29T08:30:00Z', now), '29 Nov 2025 09:30:00');
  assert.equal(showMoment('2026-11-29T08:30:01.5Z'), 'Sun 29 Nov 2026, 09:30:01 GMT+1');
  process.env.TZ = 'UTC';
  assert.equal(showInstant('2026-11-28T23:30:00Z', now), '28 Nov 23:30:00');
  assert.equal(showDayAndHour(new Date('2026-09-01T04:05:00Z')), '1 Sept, 04:05');
  assert.equal(showMoment('2026-01-03T00:00:00Z'), 'Sat 3 Jan 2026, 00:00:00 GMT');
  process.env.TZ = 'America/St_Johns';
  assert.equal(showMoment('2026-01-03T00:00:00Z'), 'Fri 2 Jan 2026, 20:30:00 GMT−3:30');
});

test('an axis is marked at round values, the last of which nothing is above', () => {
  assert.deepEqual(roundTicks(1.38), [0, 0.5, 1, 1.5]);
  assert.deepEqual(roundTicks(0.886), [0, 0.25, 0.5, 0.75, 1]);
  assert.deepEqual(roundTicks(400), [0, 100, 200, 300, 400]);
  assert.deepEqual(roundTicks(0), [0, 1]);
});

test('where figures come from that no span gives is a few words for each teller', () => {
  assert.deepEqual(knownFrom(null), []);
  assert.deepEqual(knownFrom({ '*': 'platform' }), [
    { text: 'from the platform', title: 'No span of this turn came' },
  ]);
  assert.deepEqual(knownFrom({ stt_model: 'report', direction: 'carrier', end_reason: 'report' }), [
    { text: '2 figures from the session’s report', title: 'stt_model, end_reason' },
    { text: '1 figure from the carrier', title: 'direction' },
  ]);
});
