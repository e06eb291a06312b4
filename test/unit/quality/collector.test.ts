import assert from 'node:assert/strict';
import { it } from 'node:test';
import { callQuality } from '../../../exporter/quality/call-quality.ts';
import { QualityMetricsCollector } from '../../../exporter/quality/index.ts';
import type { CallFact, TurnFact } from '../../../model/facts.ts';

it('a collector that was told nothing knows nothing', () => {
  const quality = new QualityMetricsCollector();
  assert.equal(quality.getOutcome(), undefined);
  assert.equal(quality.getSentiment(), undefined);
  assert.equal(quality.getInterruptionMetrics().interruptionCount, 0);
  assert.equal('interruptionRate' in quality.getInterruptionMetrics(), false);
});

it('a collector puts interruptions, outcome and sentiment of a call together', () => {
  const quality = new QualityMetricsCollector();
  quality.turn({ agentText: 'Welcome, how can I help?' });
  quality.speech({ what: 'agent_started', atUs: 1e6 });
  quality.speech({ what: 'user_started', atUs: 2e6 });
  quality.speech({ what: 'agent_stopped', atUs: 2.5e6 });
  assert.equal(quality.turn({ userText: 'A table for two' }), undefined);
  assert.ok((quality.turn({ userText: 'That is great', agentText: 'Your table is booked.' }) ?? 0) > 0);
  assert.ok((quality.turn({ userText: 'I hate waiting, terrible' }) ?? 0) < 0);
  assert.equal(quality.end({ endReason: 'completed' })?.kind, 'barge_in');

  assert.deepEqual(quality.getInterruptionMetrics(), {
    interruptionCount: 1,
    interruptionRate: 0.25,
    falseInterruptionCount: 0,
    byKind: { barge_in: 1, false_interruption: 0, agent_over_user: 0, backchannel: 0 },
    averageTimeToSilenceSeconds: 0.5,
  });
  assert.equal(quality.getOutcome()?.outcome, 'SUCCESS');
  assert.equal(quality.getSentiment()?.turnCount, 2);

  quality.end({ outcome: 'FAIL' });
  assert.equal(quality.getOutcome()?.source, 'explicit');
});

it('another sentiment analyzer can be put in', () => {
  const quality = new QualityMetricsCollector({ sentiment: { score: () => -0.5 } });
  quality.turn({ userText: 'wonderful' });
  assert.deepEqual(quality.getSentiment(), { average: -0.5, label: 'negative', turnCount: 1 });
});

const base = { traceId: 't', callId: 'c', name: 'n', startUs: 0, endUs: 1 };
const call = (more: Partial<CallFact>): CallFact => ({ ...base, spanId: 'call', type: 'call', ...more });
const turn = (turnIndex: number, more: Partial<TurnFact>): TurnFact => ({
  ...base,
  spanId: `turn${turnIndex}`,
  type: 'turn',
  turnIndex,
  ...more,
});

it('the columns of a call come from its facts; what is unknown is null', () => {
  assert.deepEqual(callQuality(undefined, []), {
    interruption_count: 0,
    interruption_rate: null,
    false_interruption_count: 0,
    outcome: null,
    outcome_confidence: null,
    outcome_source: null,
    sentiment_avg: null,
    sentiment_label: null,
  });
  assert.deepEqual(
    callQuality(call({ outcome: 'SUCCESS', outcomeSource: 'keywords', outcomeConfidence: 0.6 }), [
      turn(0, { sentimentScore: 0.5 }),
      turn(1, { sentimentScore: 0.25, interruptions: [{ kind: 'barge_in', atUs: 1 }] }),
      turn(2, {}),
      turn(3, {}),
    ]),
    {
      interruption_count: 1,
      interruption_rate: 0.25,
      false_interruption_count: 0,
      outcome: 'SUCCESS',
      outcome_confidence: 0.6,
      outcome_source: 'keywords',
      sentiment_avg: 0.375,
      sentiment_label: 'positive',
    },
  );
});

it('recorded text is read for keywords in the order of its turns', () => {
  const turns = [
    turn(3, { userText: 'he said leave a message after the tone' }),
    turn(2, { userText: 'yes' }),
    turn(1, { userText: 'hello' }),
  ];
  assert.equal(callQuality(call({}), turns).outcome, null);
  assert.equal(callQuality(call({}), turns.slice(0, 2)).outcome, 'VOICEMAIL');
});
