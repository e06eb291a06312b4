import assert from 'node:assert/strict';
import { before, beforeEach, describe, it } from 'node:test';
import { ROOT_CONTEXT, type Span, trace } from '@opentelemetry/api';
import { nowUs } from '../../../instrumentation/clock.ts';
import { ATTR } from '../../../instrumentation/semconv.ts';
import { onSpanEnd } from '../../../instrumentation/spans.ts';
import { Stage } from '../../../instrumentation/stage.ts';
import { recordSpans, takeSpans } from '../../support/spans.ts';

before(recordSpans);
beforeEach(() => void takeSpans());

const theirSpan = (): Span => trace.getTracer('theirs').startSpan('chat m');
const adopt = (span: Span): Stage =>
  new Stage(
    'llm',
    { model: 'm', adopts: span },
    { parent: ROOT_CONTEXT, attributes: { [ATTR.callId]: 'C1' }, startUs: nowUs() },
  );

describe('a stage whose span somebody else has begun', () => {
  it('is written on that span, which its author ends', () => {
    const span = theirSpan();
    const stage = adopt(span);
    assert.equal(trace.getSpan(stage.context), span);
    stage.firstByte();
    stage.end({ usage: { outputTokens: 3 } });
    assert.deepEqual(takeSpans(), []);
    span.end();
    const [written, ...others] = takeSpans();
    assert.deepEqual(others, []);
    assert.equal(written?.scopeName, 'theirs');
    assert.equal(written.attributes[ATTR.stage], 'llm');
    assert.equal(written.attributes[ATTR.callId], 'C1');
    assert.equal(written.attributes[ATTR.outputTokens], 3);
    assert.ok(written.attributes[ATTR.ttfb]);
  });

  it('is heard of when it ends, as spans of ours are, where rows are written from them', () => {
    const ended: Span[] = [];
    const stop = onSpanEnd((span) => ended.push(span));
    const span = theirSpan();
    adopt(span).end();
    assert.deepEqual(ended, []);
    span.end();
    stop();
    assert.deepEqual(ended, [span]);
  });
});
