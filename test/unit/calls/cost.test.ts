import assert from 'node:assert/strict';
import { test } from 'node:test';
import { finalizeCall } from '../../../exporter/finalize.ts';
import type { CallFact, Fact } from '../../../model/facts.ts';
import { call, stage, turn } from './builders.ts';
import { PRICES } from './golden.ts';

const DEEPGRAM = { provider: 'deepgram', model: 'nova-3' };
const LLAMA = { provider: 'groq', model: 'llama' };

/** Costs of a call as strings, with what had no price. */
function costOf(...facts: Fact[]): Record<string, string | string[] | undefined> {
  const { cost_stt, cost_llm, cost_telephony, cost_total, unpriced } = finalizeCall(facts, PRICES).metrics;
  return {
    stt: cost_stt?.toFixed(),
    llm: cost_llm?.toFixed(),
    telephony: cost_telephony?.toFixed(),
    total: cost_total?.toFixed(),
    unpriced,
  };
}

const nothing = { stt: undefined, llm: undefined, telephony: undefined, total: undefined, unpriced: [] };

test('Twilio is billed by direction; one that is not known has no price, a web call no carrier', () => {
  const twilio = (more: Partial<CallFact>) => costOf(call([0, 60_500], { transport: 'twilio', ...more }));
  assert.deepEqual(twilio({ direction: 'outbound' }), { ...nothing, telephony: '0.028', total: '0.028' });
  assert.deepEqual(twilio({}), { ...nothing, unpriced: ['telephony:twilio/unknown'] });
  assert.deepEqual(twilio({ direction: 'web' }), nothing);
});

test('a component is priced as far as it can be, and the rest is named once', () => {
  const usage = { inputTokens: 1000, outputTokens: 0 };
  const unknown = { provider: 'groq', model: 'mystery', usage };
  assert.deepEqual(
    costOf(
      turn(0, [0, 900]),
      stage('llm', 0, [0, 10], { ...LLAMA, usage }),
      stage('llm', 0, [20, 30], unknown),
      stage('llm', undefined, [40, 50], unknown),
    ),
    { ...nothing, llm: '0.0005', total: '0.0005', unpriced: ['llm:groq/mystery'] },
  );
});

test('transcriptions whose audio the connection carries are not missing a price', () => {
  assert.deepEqual(
    costOf(
      turn(0, [0, 900]),
      stage('stt', 0, [0, 10], DEEPGRAM),
      stage('stt', undefined, [0, 60_000], { ...DEEPGRAM, usage: { audioSeconds: 60 } }),
    ),
    { ...nothing, stt: '0.006', total: '0.006' },
  );
});

test('a request that failed at once is not billed; one that was cut off without usage is a gap', () => {
  const failed = stage('llm', 0, [0, 10], { ...LLAMA, errorType: 'APIConnectionError' });
  assert.deepEqual(costOf(turn(0, [0, 900]), failed), nothing);
  const cut = stage('llm', 0, [0, 10], { ...LLAMA, cancelled: true });
  assert.deepEqual(costOf(turn(0, [0, 900]), cut), { ...nothing, unpriced: ['llm:groq/llama'] });
});

test('without the span of its turn, a playback that was cut off is an interruption, if anybody was heard', () => {
  const cut = stage('playback', 0, [5, 10], { cancelled: true });
  const { metrics, logs } = finalizeCall([stage('stt', 0, [0, 4]), cut], PRICES);
  assert.equal(logs[0]?.interrupted, true);
  assert.equal(logs[0]?.interruption_kind, 'barge_in');
  assert.equal(metrics.interruption_count, 1);
  const alone = finalizeCall([cut], PRICES);
  assert.deepEqual([alone.logs[0]?.interrupted, alone.metrics.interruption_count], [null, null]);
});
