import assert from 'node:assert/strict';
import { before, beforeEach, test } from 'node:test';
import fc from 'fast-check';
import { readFact } from '../../../exporter/dialects/index.ts';
import { finalizeCall } from '../../../exporter/finalize.ts';
import { priceListFrom } from '../../../exporter/pricing/index.ts';
import { openCallCount } from '../../../instrumentation/call/call.ts';
import { MetricCollector } from '../../../instrumentation/index.ts';
import { ATTR, SPAN } from '../../../model/semconv.ts';
import { LATENCIES } from '../../../model/vocabulary.ts';
import { nonsense } from '../../support/nonsense.ts';
import { recordSpans, takeFacts, takeSpans } from '../../support/spans.ts';

before(recordSpans);
beforeEach(() => void takeSpans());

test('the hook-style collector never throws either', () => {
  const hooks = Object.getOwnPropertyNames(MetricCollector.prototype).filter(
    (name) => name !== 'constructor',
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.constantFrom(...hooks), nonsense), { maxLength: 40 }), (steps) => {
      const open = openCallCount();
      const collector = new MetricCollector({ id: 'fuzzed' });
      for (const [hook, argument] of steps)
        (collector as unknown as Record<string, (a: unknown) => unknown>)[hook]?.(argument);
      collector.endCall();
      takeSpans();
      assert.equal(openCallCount(), open);
    }),
    { numRuns: 300 },
  );
});

/** A turn told through hooks, at milliseconds of its call, and what its row has of the same spans. */
function measured(tell: (collector: MetricCollector, at: (ms: number) => { at: number }) => void) {
  const at = (ms: number) => ({ at: 1_750_000_000_000 + ms });
  const collector = new MetricCollector({ id: 'measured', ...at(0) });
  collector.startTurn(at(0));
  tell(collector, at);
  const latencies = collector.finalizeTurn(at(4_000));
  collector.endCall(at(4_500));
  const spans = takeSpans();
  const response = spans.find(({ name }) => name === SPAN.response);
  const facts = spans.flatMap((span) => readFact(span) ?? []);
  const [row] = finalizeCall(facts, priceListFrom([])).logs;
  assert.ok(latencies && row);
  assert.deepEqual(latencies, {
    turnIndex: 0,
    ...Object.fromEntries(
      LATENCIES.flatMap((name) => (row[name] === null ? [] : [[camelCase(name), row[name]]])),
    ),
  });
  assert.equal(response?.attributes[ATTR.eouLatency], row.eou_latency ?? undefined);
  return latencies;
}

const camelCase = (name: string): string =>
  name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());

test('a transcript that was there before the speech ended kept no one waiting, in hooks and rows alike', () => {
  const latencies = measured((collector, at) => {
    collector.onSttStart(at(100));
    collector.onSttComplete({ text: 'hello', ...at(900) });
    collector.onSpeechEnd(at(1_000));
    collector.onLlmStart(at(1_300));
    collector.onLlmFirstByte(at(1_500));
    collector.onLlmComplete(at(1_700));
    collector.onAudioPlaybackStart(at(1_800));
  });
  assert.equal(latencies.latencyStt, 0);
  assert.equal(latencies.latencyLlm, 0.4);
});

test('a stage that is open at the end of its turn is cut off and has no length, in hooks and rows alike', () => {
  const latencies = measured((collector, at) => {
    collector.onLlmStart(at(2_500));
    collector.onLlmFirstByte(at(2_600));
  });
  assert.equal(latencies.ttfbLlm, 0.1);
  assert.equal(latencies.latencyLlm, undefined);
});

test('a synthesis that was thrown away before another was heard answers no one, in hooks, spans and rows alike', () => {
  const latencies = measured((collector, at) => {
    collector.onSpeechEnd(at(1_000));
    collector.onTtsStart(at(1_100));
    collector.onTtsFirstByte(at(1_200));
    collector.onTtsStart(at(1_500));
    collector.onTtsFirstByte(at(1_750));
    collector.onTtsComplete(at(1_900));
  });
  assert.equal(latencies.eouLatency, 0.75);
});

test('whatever the order of the hooks, the latencies that they give are those of the row', () => {
  const hooks = [
    'onSpeechEnd',
    'onSttStart',
    'onSttFirstByte',
    'onSttComplete',
    'onLlmStart',
    'onLlmFirstByte',
    'onLlmComplete',
    'onTtsStart',
    'onTtsFirstByte',
    'onTtsComplete',
    'onAudioPlaybackStart',
    'onAudioPlaybackEnd',
    'onInterruption',
  ] as const;
  const told = fc.array(fc.tuple(fc.constantFrom(...hooks), fc.integer({ min: 0, max: 3_999 })), {
    maxLength: 20,
  });
  fc.assert(
    fc.property(told, (steps) => {
      measured((collector, at) => {
        for (const [hook, ms] of steps) collector[hook](at(ms));
      });
    }),
    { numRuns: 300 },
  );
});

test('the hook-style collector measures a turn and gives its latencies', () => {
  const at = (ms: number) => ({ at: 1_750_000_000_000 + ms });
  const collector = new MetricCollector({ id: 'hooks', ...at(0) });
  collector.startTurn(at(0));
  collector.onSttStart({ provider: 'deepgram', model: 'nova-3', ...at(100) });
  collector.onSttFirstByte(at(350));
  collector.onSpeechEnd(at(1_000));
  collector.onLlmStart({ provider: 'groq', model: 'llama-3.1-8b-instant', ...at(1_300) });
  collector.onLlmFirstByte(at(1_500));
  collector.onTtsStart({ provider: 'cartesia', model: 'sonic-3.5', ...at(1_600) });
  collector.onLlmComplete({ usage: { inputTokens: 10, outputTokens: 5 }, ...at(1_700) });
  collector.onTtsFirstByte(at(1_750));
  collector.onAudioPlaybackStart(at(1_800));
  const latencies = collector.finalizeTurn(at(4_000));
  collector.endCall(at(4_500));

  assert.deepEqual(latencies, {
    turnIndex: 0,
    ttfbStt: 0.25,
    latencyStt: 0.3,
    ttfbLlm: 0.2,
    latencyLlm: 0.4,
    ttfbTts: 0.15,
    eouLatency: 0.8,
  });
  assert.equal(takeFacts().filter((fact) => fact.type === 'turn').length, 1);
});
