import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, test } from 'node:test';
import {
  createTraceState,
  ROOT_CONTEXT,
  SamplingDecision,
  SpanKind,
  TraceFlags,
  type TraceState,
  trace,
} from '@opentelemetry/api';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  InMemorySpanExporter,
  ParentBasedSampler,
  type ReadableSpan,
  type Sampler,
  SimpleSpanProcessor,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import fc from 'fast-check';
import { CallSampler, randomnessOf } from '../../instrumentation/otel/sampler.ts';
import { ATTR, SPAN } from '../../model/semconv.ts';

const CALL = { [ATTR.callId]: 'call-1' };
const ask = (
  sampler: Sampler,
  name: string,
  attributes: object,
  context = ROOT_CONTEXT,
  traceId = '1'.repeat(32),
) => new CallSampler(sampler).shouldSample(context, traceId, name, SpanKind.SERVER, { ...attributes }, []);
const fixed = (decision: SamplingDecision, state?: string): Sampler => ({
  shouldSample: () => ({ decision, ...(state && { traceState: createTraceState(state) }) }),
});
const ot = (state: TraceState | undefined) => state?.get('ot');

describe('CallSampler', () => {
  test('records what its delegate drops, when it belongs to a call', () => {
    for (const name of [SPAN.call, SPAN.turn, 'chat gpt-4o'])
      assert.equal(ask(new AlwaysOffSampler(), name, CALL).decision, SamplingDecision.RECORD);
  });

  test('leaves spans of no call to its delegate', () => {
    assert.equal(ask(new AlwaysOffSampler(), 'GET /', {}).decision, SamplingDecision.NOT_RECORD);
    assert.deepEqual(ask(new AlwaysOnSampler(), 'GET /', {}), {
      decision: SamplingDecision.RECORD_AND_SAMPLED,
    });
  });

  test('keeps every other decision of its delegate', () => {
    for (const decision of [SamplingDecision.RECORD, SamplingDecision.RECORD_AND_SAMPLED])
      assert.equal(ask(fixed(decision), SPAN.turn, CALL).decision, decision);
  });

  test('gives the roots of a call one randomness value: the first 56 bits of the SHA-256 of its id', () => {
    const expected = createHash('sha256').update('call-1').digest().subarray(0, 7).toString('hex');
    assert.equal(randomnessOf('call-1'), expected);
    for (const sampler of [new AlwaysOffSampler(), new AlwaysOnSampler()])
      for (const name of [SPAN.call, SPAN.turn])
        assert.equal(ot(ask(sampler, name, CALL).traceState), `rv:${expected}`);
  });

  test('keeps a randomness value that is there, and what else is in the tracestate', () => {
    const kept = ask(
      fixed(SamplingDecision.RECORD_AND_SAMPLED, 'ot=rv:0123456789abcd;th:8,x=y'),
      SPAN.turn,
      CALL,
    );
    assert.equal(kept.traceState?.serialize(), 'ot=rv:0123456789abcd;th:8,x=y');
    const joined = ask(fixed(SamplingDecision.RECORD_AND_SAMPLED, 'ot=th:8,x=y'), SPAN.turn, CALL);
    assert.equal(ot(joined.traceState), `th:8;rv:${randomnessOf('call-1')}`);
    assert.equal(joined.traceState?.get('x'), 'y');
  });

  test('gives children no tracestate of their own: they inherit it', () => {
    const parent = trace.setSpanContext(ROOT_CONTEXT, {
      traceId: '1'.repeat(32),
      spanId: '2'.repeat(16),
      traceFlags: TraceFlags.NONE,
    });
    assert.equal(ask(new AlwaysOffSampler(), 'chat gpt-4o', CALL, parent).traceState, undefined);
  });

  test('whatever the ratio, processors get every span of a call and exporters the sampled ones', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.array(fc.uuid(), { maxLength: 20 }),
        (ratio, ids) => {
          const seen: ReadableSpan[] = [];
          const exporter = new InMemorySpanExporter();
          const provider = new TracerProvider({
            sampler: new CallSampler(new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(ratio) })),
            spanProcessors: [
              {
                onStart() {},
                onEnd: (span) => void seen.push(span),
                forceFlush: async () => {},
                shutdown: async () => {},
              },
              new SimpleSpanProcessor({ exporter }),
            ],
          });
          const tracer = provider.getTracer('test');
          for (const id of ids) {
            const attributes = { [ATTR.callId]: id };
            const turn = tracer.startSpan(SPAN.turn, { root: true, attributes });
            const inTurn = trace.setSpan(ROOT_CONTEXT, turn);
            const stage = tracer.startSpan('stt', { attributes }, inTurn);
            assert.equal(ot(stage.spanContext().traceState), `rv:${randomnessOf(id)}`);
            stage.end();
            turn.end();
          }
          assert.equal(seen.length, ids.length * 2);
          const sampled = seen.filter((span) => span.spanContext().traceFlags & TraceFlags.SAMPLED);
          assert.equal(exporter.getFinishedSpans().length, sampled.length);
          if (ratio === 0) assert.equal(sampled.length, 0);
        },
      ),
      { numRuns: 30 },
    );
  });
});
