import assert from 'node:assert/strict';
import { it } from 'node:test';
import {
  interruptionColumns,
  interruptionMetrics,
  turnInterruptionKind,
} from '../../../exporter/quality/interruption-metrics.ts';
import type { Interruption } from '../../../model/facts.ts';

const of = (kind: Interruption['kind'], timeToSilenceSeconds?: number): Interruption => ({
  kind,
  atUs: 1,
  ...(timeToSilenceSeconds !== undefined && { timeToSilenceSeconds }),
});

it('only barge-ins are interruptions; false ones are counted apart, the rest by kind', () => {
  const turns = [
    { interruptions: [of('barge_in', 0.2), of('false_interruption', 9)] },
    { interruptions: [of('barge_in', 0.4), of('backchannel')] },
    { interruptions: [of('barge_in'), of('agent_over_user', 7)] },
    {},
  ];
  const metrics = interruptionMetrics(turns);
  assert.ok(Math.abs((metrics.averageTimeToSilenceSeconds ?? 0) - 0.3) < 1e-12);
  assert.deepEqual(
    { ...metrics, averageTimeToSilenceSeconds: 0 },
    {
      interruptionCount: 3,
      interruptionRate: 0.75,
      falseInterruptionCount: 1,
      byKind: { barge_in: 3, false_interruption: 1, agent_over_user: 1, backchannel: 1 },
      averageTimeToSilenceSeconds: 0,
    },
  );
});

it('without turns there is no rate, and its column is null', () => {
  const metrics = interruptionMetrics([]);
  assert.equal('interruptionRate' in metrics, false);
  assert.equal('averageTimeToSilenceSeconds' in metrics, false);
  assert.deepEqual(interruptionColumns(metrics), {
    interruption_count: 0,
    interruption_rate: null,
    false_interruption_count: 0,
  });
});

it('the number of turns can be told, for turns whose own span is missing', () => {
  assert.equal(interruptionMetrics([{ interruptions: [of('barge_in')] }], 4).interruptionRate, 0.25);
});

it('a turn that is only flagged as interrupted counts once; one that also lists its barge-in does too', () => {
  assert.equal(interruptionMetrics([{ interrupted: true }]).interruptionCount, 1);
  assert.equal(
    interruptionMetrics([{ interrupted: true, interruptions: [of('barge_in', 0.1)] }]).interruptionCount,
    1,
  );
  assert.equal(
    interruptionMetrics([{ interrupted: false, interruptions: [of('backchannel')] }]).interruptionCount,
    0,
  );
});

it('of several kinds in a turn the row shows the one that weighs most', () => {
  assert.equal(turnInterruptionKind({ interruptions: [of('backchannel'), of('barge_in')] }), 'barge_in');
  assert.equal(
    turnInterruptionKind({ interruptions: [of('backchannel'), of('false_interruption')] }),
    'false_interruption',
  );
  assert.equal(turnInterruptionKind({ interrupted: true }), 'barge_in');
  assert.equal(turnInterruptionKind({}), undefined);
});
