import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { finalizeCall } from '../../../exporter/finalize.ts';
import { catalogue } from '../../../exporter/pricing/index.ts';
import { type TurnRecord, turnFacts } from '../../../exporter/records/turn.ts';

const context = { nowUs: 1_793_491_200_000_000, serviceName: undefined, captureContent: false };

test('the same record gives the same ids, another turn or call others', () => {
  const keys = (callId: string, turnIndex: number) =>
    turnFacts({ callId, turnIndex, llmModel: 'm' }, context).map((fact) => `${fact.traceId}/${fact.spanId}`);
  assert.deepEqual(keys('C1', 0), keys('C1', 0));
  const all = [...keys('C1', 0), ...keys('C1', 1), ...keys('C2', 0)];
  assert.equal(new Set(all).size, 6);
  for (const key of all) assert.match(key, /^[0-9a-f]{32}\/[0-9a-f]{16}$/);
});

test('facts survive JSON unchanged', () => {
  const facts = turnFacts({ callId: 'C1', turnIndex: 0, ttfbLlm: 0.2, sttAudioSeconds: 3 }, context);
  assert.deepEqual(JSON.parse(JSON.stringify(facts)), facts);
});

test('whatever latencies are given, the row has these and no others', () => {
  const seconds = fc.option(fc.integer({ min: 0, max: 60_000_000 }), { nil: undefined });
  const given = fc.record({
    ttfbStt: seconds,
    latencyStt: seconds,
    ttfbLlm: seconds,
    latencyLlm: seconds,
    ttfbTts: seconds,
    latencyTts: seconds,
    eouLatency: seconds,
  });
  const columns = {
    ttfbStt: 'ttfb_stt',
    latencyStt: 'latency_stt',
    ttfbLlm: 'ttfb_llm',
    latencyLlm: 'latency_llm',
    ttfbTts: 'ttfb_tts',
    latencyTts: 'latency_tts',
    eouLatency: 'eou_latency',
  } as const;
  fc.assert(
    fc.property(given, fc.boolean(), (micros, stages) => {
      const record: TurnRecord = {
        callId: 'C1',
        turnIndex: 0,
        ...(stages && { sttModel: 'nova-3', llmModel: 'm', ttsCharacters: 9 }),
      };
      const keys = Object.keys(columns) as (keyof typeof columns)[];
      for (const key of keys) {
        const value = micros[key];
        if (value !== undefined) record[key] = value / 1e6;
      }
      const [row] = finalizeCall(turnFacts(record, context), catalogue()).logs;
      for (const key of keys) assert.equal(row?.[columns[key]], record[key] ?? null, key);
    }),
  );
});
