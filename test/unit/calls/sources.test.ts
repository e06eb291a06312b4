import assert from 'node:assert/strict';
import { test } from 'node:test';
import { finalizeCall } from '../../../exporter/finalize.ts';
import type { CallFact, Fact, StageFact, TurnFact } from '../../../model/facts.ts';
import { RECORDING_PRICES } from '../../support/recorded-rows.ts';

const call = (spanId: string, more: Partial<CallFact> = {}): CallFact => ({
  type: 'call',
  traceId: 't',
  spanId,
  callId: 'CA1',
  name: 'call',
  startUs: 1e6,
  endUs: 9e6,
  ...more,
});
const stt: StageFact = {
  type: 'stage',
  traceId: 't',
  spanId: 's',
  callId: 'CA1',
  name: 'stt',
  startUs: 2e6,
  endUs: 3e6,
  stage: 'stt',
  provider: 'deepgram',
  model: 'nova-3',
  usage: { audioSeconds: 2 },
};
const sources = (...facts: Fact[]) => finalizeCall(facts, RECORDING_PRICES).metrics.sources;

test('what a report alone says comes from it, and what a span says, too, from the span', () => {
  const used = [{ stage: 'stt' as const, provider: 'deepgram', model: 'nova-3', usage: { audioSeconds: 9 } }];
  const report = call('r', { reported: true, endReason: 'user_initiated', agentName: 'desk', used });
  assert.deepEqual(sources(call('c', { agentName: 'desk' }), report), {
    end_reason: 'report',
    stt_audio_seconds: 'report',
  });
  // Seven of its nine seconds are in no span.
  assert.deepEqual(sources(call('c', { endReason: 'user_initiated' }), stt, report), {
    agent_name: 'report',
    stt_audio_seconds: 'report',
  });
  assert.deepEqual(sources(report), {
    agent_name: 'report',
    end_reason: 'report',
    started_at: 'report',
    ended_at: 'report',
    stt_audio_seconds: 'report',
  });
});

test('so it is with the records of carriers and platforms; of a call that its spans tell there is nothing to say', () => {
  assert.deepEqual(sources(call('c'), call('b', { billedSeconds: 60, direction: 'inbound' })), {
    direction: 'carrier',
  });
  assert.deepEqual(sources(call('p', { platform: 'vapi', outcome: 'SUCCESS' })), {
    outcome: 'platform',
    started_at: 'platform',
    ended_at: 'platform',
  });
  assert.equal(sources(call('c', { endReason: 'hangup', direction: 'inbound' }), stt), null);
});

test('turns of a platform come from it, and those of the spans beside them do not', () => {
  const turn = (spanId: string, turnIndex: number, more: Partial<TurnFact> = {}): TurnFact => ({
    ...{ type: 'turn', traceId: `t${turnIndex}`, spanId, callId: 'CA1', name: 'turn', turnIndex },
    ...{ startUs: (2 + turnIndex) * 1e6, endUs: (3 + turnIndex) * 1e6, initiator: 'user' as const, ...more },
  });
  const of = { serviceName: 'vapi' };
  const { logs } = finalizeCall(
    [call('p', { platform: 'vapi', ...of }), turn('a', 0, of), turn('b', 1), { ...stt, ...of, turnIndex: 1 }],
    RECORDING_PRICES,
  );
  const [first, second] = logs.map((row) => row.sources);
  assert.deepEqual(first, { '*': 'platform' });
  assert.deepEqual([second?.stt_model, second?.['*'], second?.initiator], ['platform', undefined, undefined]);
});
