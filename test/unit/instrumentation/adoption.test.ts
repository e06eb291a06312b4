import assert from 'node:assert/strict';
import { before, beforeEach, describe, it } from 'node:test';
import { context, isSpanContextValid, type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { OwnersVerdict } from '../../../instrumentation/adoption.ts';
import { scopeName } from '../../../instrumentation/adoption.ts';
import { Call } from '../../../instrumentation/call.ts';
import { ATTR } from '../../../instrumentation/semconv.ts';
import { onSpanEnd } from '../../../instrumentation/spans.ts';
import type { Stage } from '../../../instrumentation/stage.ts';
import { poll } from '../../support/poll.ts';
import { recordSpans, takeSpans } from '../../support/spans.ts';

const OWNER = 'somebody-else';
const isStage = ({ attributes }: { attributes: Readonly<Record<string, unknown>> }) =>
  attributes[ATTR.stage] === 'llm';

before(recordSpans);
beforeEach(() => void takeSpans());

/** A stage that adopts what the tracer of `OWNER` starts, and what it was told of the end. */
function adopting(call = new Call()): { call: Call; stage: Stage; verdicts: OwnersVerdict[] } {
  const verdicts: OwnersVerdict[] = [];
  const stage = call.tracker.startStage('llm', {
    provider: 'acme',
    model: 'm',
    adoption: {
      recognises: (span) => scopeName(span) === OWNER,
      ending: (verdict) => {
        verdicts.push(verdict);
        stage.cancel({ usage: { outputTokens: 3 } });
      },
    },
  });
  return { call, stage, verdicts };
}
/** What an instrumentation does: starts a span and makes it active around the request. */
function request(stage: Stage, attributes = {}, tracer = OWNER): Span {
  return context.with(stage.context, () => {
    const span = trace.getTracer(tracer).startSpan('theirs', { kind: SpanKind.CLIENT, attributes });
    context.with(trace.setSpan(context.active(), span), () => {});
    return span;
  });
}

describe('a stage that somebody else writes the span of', () => {
  it('is that span, in the trace of the turn, with what the stage knows on it', () => {
    const { call, stage } = adopting();
    const span = request(stage);
    stage.firstByte();
    stage.end({ usage: { inputTokens: 7 } });
    span.end();
    call.end();
    const spans = takeSpans();
    const [adopted, ...more] = spans.filter(isStage);
    assert.deepEqual(more, []);
    assert.equal(adopted?.name, 'theirs');
    assert.equal(adopted.attributes[ATTR.callId], call.id);
    assert.equal(adopted.attributes[ATTR.turnIndex], 0);
    assert.equal(adopted.attributes[ATTR.inputTokens], 7);
    assert.equal(adopted.traceId, spans.find(({ name }) => name === 'voice.turn')?.traceId);
    assert.equal(adopted.events.length, 1);
  });

  it('leaves what the owner says of it', () => {
    const { stage } = adopting();
    const span = request(stage, { [ATTR.providerName]: 'aws.bedrock', [ATTR.conversationId]: 'theirs' });
    stage.end();
    span.end();
    const [adopted] = takeSpans();
    assert.equal(adopted?.attributes[ATTR.providerName], 'aws.bedrock');
    assert.equal(adopted.attributes[ATTR.conversationId], 'theirs');
    assert.equal(adopted.attributes[ATTR.requestModel], 'm');
  });

  it('has the last word when the owner ends the span first, and hears how it went', () => {
    for (const [code, verdict] of [
      [SpanStatusCode.UNSET, 'unset'],
      [SpanStatusCode.OK, 'ok'],
      [SpanStatusCode.ERROR, 'error'],
    ] as const) {
      const { stage, verdicts } = adopting();
      const span = request(stage);
      span.setStatus({ code });
      span.end();
      assert.deepEqual(verdicts, [verdict]);
      assert.equal(stage.ended, true);
      const [adopted] = takeSpans();
      assert.equal(adopted?.attributes[ATTR.stageCancelled], true);
      assert.equal(adopted.attributes[ATTR.outputTokens], 3);
    }
  });

  it('ends the span where the owner does not', async () => {
    const { stage } = adopting();
    const span = request(stage);
    stage.end();
    await poll(() => !span.isRecording());
    assert.equal(takeSpans().filter(isStage).length, 1);
    span.end();
    assert.deepEqual(takeSpans(), []);
  });

  it('is a span of our own when the owner starts none, or none that is recorded', () => {
    for (const prepare of [
      () => {},
      (stage: Stage) =>
        context.with(stage.context, () =>
          context.with(
            trace.setSpan(
              context.active(),
              trace.wrapSpanContext({ traceId: '', spanId: '', traceFlags: 0 }),
            ),
            () => {},
          ),
        ),
      (stage: Stage) => request(stage, {}, 'http').end(),
    ]) {
      const { call, stage } = adopting();
      prepare(stage);
      stage.firstByte();
      stage.end({ usage: { inputTokens: 7 } });
      call.end();
      const [own, ...more] = takeSpans().filter(isStage);
      assert.deepEqual(more, []);
      assert.equal(own?.name, 'chat m');
      assert.equal(own.attributes[ATTR.callId], call.id);
      assert.equal(own.attributes[ATTR.inputTokens], 7);
    }
  });

  it('is the span that is active already, where the owner stands around us', () => {
    const call = new Call();
    const span = trace.getTracer(OWNER).startSpan('theirs', {}, call.context);
    const stage = context.with(trace.setSpan(call.context, span), () =>
      call.tracker.startStage('llm', {
        adoption: { recognises: (each) => scopeName(each) === OWNER, around: true, ending: () => {} },
      }),
    );
    assert.equal(trace.getSpan(stage.context), span);
    stage.end();
    span.end();
    assert.equal(takeSpans().filter(isStage).length, 1);
    call.end();
  });

  it('is heard of once by those who listen to our spans', () => {
    const heard: Span[] = [];
    const stop = onSpanEnd((span) => heard.push(span));
    const { stage } = adopting();
    const span = request(stage);
    stage.end();
    span.end();
    span.end();
    stop();
    assert.deepEqual(heard, [span]);
    assert.ok(isSpanContextValid(span.spanContext()));
  });
});
