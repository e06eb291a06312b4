import assert from 'node:assert/strict';
import { before, beforeEach, describe, it } from 'node:test';
import { context, createContextKey, ROOT_CONTEXT, type Span, trace } from '@opentelemetry/api';
import {
  endAdoptedSpans,
  findAdoption,
  instrumentationOf,
  OTHER_END_MS,
  Revelation,
} from '../../../instrumentation/call/adoption.ts';
import { Call } from '../../../instrumentation/call/call.ts';
import { Stage } from '../../../instrumentation/call/stage.ts';
import { ATTR, SPAN } from '../../../model/semconv.ts';
import { recordSpans, takeSpans } from '../../support/spans.ts';

before(recordSpans);
beforeEach(() => void takeSpans());

const SCOPE = '@opentelemetry/instrumentation-acme';
const matches = instrumentationOf('acme');
const theirs = (scope = SCOPE): Span => trace.getTracer(scope).startSpan('chat', {}, context.active());
const stageOn = (span: Span | undefined): Stage => {
  const stage = new Stage(
    'llm',
    { provider: 'acme', adoption: { span, contextIn: (parent) => parent } },
    { attributes: { [ATTR.callId]: 'call', [ATTR.turnIndex]: 0 }, startUs: Date.now() * 1_000 },
  );
  stage.requested();
  return stage;
};
const wrapped = Object.assign(() => {}, { __original: () => {} });

describe('a span of another instrumentation', () => {
  it('is found active, once, when it is of the same SDK and recording', () => {
    const span = theirs();
    const active = (of: Span) => trace.setSpan(ROOT_CONTEXT, of);
    assert.equal(findAdoption(active(span), () => {}, matches)?.span, span);
    assert.equal(
      findAdoption(active(theirs('@opentelemetry/instrumentation-http')), () => {}, matches),
      undefined,
    );
    assert.equal(
      findAdoption(active(theirs('earshot')), () => {}, matches),
      undefined,
    );
    stageOn(span).end();
    assert.equal(
      findAdoption(active(span), () => {}, matches),
      undefined,
    );
    const over = theirs();
    over.end();
    assert.equal(
      findAdoption(active(over), () => {}, matches),
      undefined,
    );
    assert.equal(
      findAdoption(ROOT_CONTEXT, () => {}, matches),
      undefined,
    );
    endAdoptedSpans();
  });

  it('is found inside one that masks what is written to it', () => {
    const inner = theirs();
    const masking = {
      span: inner,
      spanContext: () => inner.spanContext(),
      isRecording: () => true,
    } as unknown as Span;
    assert.equal(findAdoption(trace.setSpan(ROOT_CONTEXT, masking), () => {}, matches)?.span, inner);
  });

  it('is seen when a wrapped method makes it active, whatever else it puts into the context', () => {
    const adoption = findAdoption(ROOT_CONTEXT, wrapped, matches);
    assert.ok(adoption instanceof Revelation);
    const key = createContextKey('theirs');
    const within = adoption.contextIn(ROOT_CONTEXT.setValue(key, 1), () => {});
    assert.equal(within.getValue(key), 1);
    const span = theirs();
    const derived = trace.setSpan(within.setValue(createContextKey('other'), 2).deleteValue(key), span);
    assert.equal(adoption.span, span);
    assert.equal(trace.getSpan(derived), span);
    trace.setSpan(within, theirs());
    assert.equal(adoption.span, span);
  });

  it('becomes the stage, and ends with the later of the two, as ours says it went', () => {
    for (const first of ['theirs', 'ours'] as const) {
      takeSpans();
      const span = theirs();
      const stage = stageOn(span);
      const ends = [
        () => span.setAttribute(ATTR.inputTokens, 0).end(),
        () => stage.end({ usage: { inputTokens: 7 } }),
      ];
      if (first === 'ours') ends.reverse();
      for (const end of ends) {
        assert.deepEqual(takeSpans(), []);
        end();
      }
      const [ended, ...more] = takeSpans();
      assert.equal(more.length, 0);
      assert.equal(ended?.name, 'chat');
      assert.equal(ended.scopeName, SCOPE);
      assert.equal(ended.attributes[ATTR.stage], 'llm');
      assert.equal(ended.attributes[ATTR.callId], 'call');
      assert.equal(ended.attributes[ATTR.inputTokens], 7);
    }
  });

  it('that they never end is ended a moment after ours', (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const span = theirs();
    stageOn(span).cancel();
    t.mock.timers.tick(OTHER_END_MS - 1);
    assert.deepEqual(takeSpans(), []);
    t.mock.timers.tick(1);
    assert.equal(takeSpans()[0]?.attributes[ATTR.stageCancelled], true);
    span.end();
    assert.deepEqual(takeSpans(), []);
  });

  it('links to its turn when it was started outside of it', () => {
    const call = new Call();
    call.tracker.wordsHeard(Date.now());
    const span = theirs();
    call.tracker
      .startStage('llm', { adoption: { span, contextIn: (parent) => trace.setSpan(parent, span) } })
      .end();
    span.end();
    const [ended] = takeSpans();
    call.end();
    const turn = takeSpans().find(({ name }) => name === SPAN.turn);
    assert.ok(turn);
    assert.equal(
      (span as unknown as { links: { context: { spanId: string } }[] }).links[0]?.context.spanId,
      turn.spanId,
    );
    assert.equal(ended?.spanId, span.spanContext().spanId);
  });

  it('that never comes leaves the stage its own', () => {
    stageOn(undefined).end();
    assert.equal(takeSpans()[0]?.scopeName, 'earshot');
    const frozen = Object.freeze(Object.create(theirs()) as Span);
    stageOn(frozen).end();
    assert.equal(takeSpans()[0]?.scopeName, 'earshot');
  });
});
