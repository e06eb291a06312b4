import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { SpanStatusCode } from '@opentelemetry/api';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { setCaptureContent } from '../../../instrumentation/call/content.ts';
import { ForeignContentFilter } from '../../../instrumentation/otel/foreign-content.ts';

const SAID = 'My name is Zebulon';

describe('what a framework writes to its own spans', () => {
  const exporter = new InMemorySpanExporter();
  const provider = new TracerProvider({
    spanProcessors: [new ForeignContentFilter(), new SimpleSpanProcessor({ exporter })],
  });
  beforeEach(() => exporter.reset());
  afterEach(() => setCaptureContent(false));

  /** A span with content wherever LiveKit 1.4 to 1.9 puts it. */
  function exported(scope: string) {
    const span = provider.getTracer(scope).startSpan('agent_turn', {
      attributes: {
        'lk.pii.user_transcript': SAID,
        'lk.user_transcript': SAID,
        'lk.response.text': SAID,
        'lk.function_tool.arguments': SAID,
        'lk.pii.room_name': SAID,
        'gen_ai.input.messages': SAID,
        'lk.speech_id': 'speech_1',
        'lk.response.ttft': 0.2,
        'gen_ai.usage.input_tokens': 12,
      },
    });
    span.addEvent('gen_ai.user.message', { content: SAID });
    span.addEvent('exception', { 'exception.type': 'APIError', 'exception.message': SAID });
    span.setStatus({ code: SpanStatusCode.ERROR, message: SAID });
    span.end();
    const [finished] = exporter.getFinishedSpans();
    assert.ok(finished);
    return finished;
  }

  it('loses what was said, and keeps its figures', () => {
    const { attributes, events, status } = exported('livekit-agents');
    assert.deepEqual(attributes, {
      'lk.speech_id': 'speech_1',
      'lk.response.ttft': 0.2,
      'gen_ai.usage.input_tokens': 12,
    });
    assert.deepEqual(
      events.map((event) => [event.name, event.attributes]),
      [['exception', { 'exception.type': 'APIError' }]],
    );
    assert.equal(status.code, SpanStatusCode.ERROR);
    assert.ok(!status.message);
  });

  it('stays as it is with content capture on', () => {
    setCaptureContent(true);
    assert.equal(exported('livekit-agents').attributes['lk.user_transcript'], SAID);
  });

  it('is left alone where the user asked for it by installing another instrumentation', () => {
    assert.equal(exported('@traceloop/instrumentation-openai').attributes['gen_ai.input.messages'], SAID);
  });
});
