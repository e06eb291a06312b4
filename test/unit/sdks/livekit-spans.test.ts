import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { context, ProxyTracerProvider, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { readFact } from '../../../exporter/dialects/index.ts';
import { instrumentLiveKit } from '../../../instrumentation/instrument.ts';
import { markOwnSpans } from '../../../instrumentation/sdks/livekit/spans.ts';

import { ATTR } from '../../../model/semconv.ts';

before(() => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
});

/** The parts of `@livekit/agents` that set up tracing, in the shape that they have there. */
function standIn(provider: unknown) {
  const started: unknown[] = [];
  class DynamicTracer {
    getProvider(): unknown {
      return provider;
    }
    startSpan(options: object): unknown {
      started.push(options);
      return options;
    }
    async startActiveSpan(run: (span: object) => unknown, options: object): Promise<unknown> {
      started.push(options);
      return run(options);
    }
  }
  const tracer = new DynamicTracer();
  class JobContext {
    async initRecording(): Promise<unknown> {
      await Promise.resolve();
      return tracer.getProvider();
    }
  }
  return { exports: { telemetry: { tracer }, JobContext }, tracer, JobContext, started };
}

test('LiveKit’s spans say that earshot reports the same work', async () => {
  const { exports, tracer, started } = standIn(undefined);
  markOwnSpans(exports);
  markOwnSpans(exports);
  const options = { name: 'agent_turn', attributes: { 'lk.speech_id': 'speech_1' } };
  tracer.startSpan(options);
  assert.equal(await tracer.startActiveSpan(() => 'given back', { name: 'llm_node' }), 'given back');
  assert.deepEqual(started, [
    { name: 'agent_turn', attributes: { 'lk.speech_id': 'speech_1', [ATTR.reportedByEarshot]: true } },
    { name: 'llm_node', attributes: { [ATTR.reportedByEarshot]: true } },
  ]);
  assert.deepEqual(
    options.attributes,
    { 'lk.speech_id': 'speech_1' },
    'the application’s own object is left alone',
  );
});

test('a bundled application gives the module as a whole', () => {
  class AgentSession {
    async start(): Promise<void> {}
  }
  const { start } = AgentSession.prototype;
  const { exports, tracer, started } = standIn(undefined);
  const agents = { ...exports, voice: { AgentSession } };
  assert.equal(instrumentLiveKit(agents), agents);
  tracer.startSpan({ name: 'agent_session' });
  assert.deepEqual(started, [{ name: 'agent_session', attributes: { [ATTR.reportedByEarshot]: true } }]);
  assert.notEqual(AgentSession.prototype.start, start);
});

test('rows are not made of spans that say so', () => {
  const span = {
    traceId: '0af7651916cd43dd8448eb211c80319c',
    spanId: 'b7ad6b7169203331',
    name: 'agent_session',
    startUs: 1,
    endUs: 2,
    statusCode: 0,
    events: [],
    resource: {},
    scopeName: 'livekit-agents',
  };
  assert.equal(readFact({ ...span, attributes: {} })?.type, 'call');
  assert.equal(readFact({ ...span, attributes: { [ATTR.reportedByEarshot]: true } }), undefined);
});

test('recording to LiveKit Cloud takes earshot’s provider for no provider of the application', async () => {
  const { exports, tracer, JobContext } = standIn(trace.getTracerProvider());
  markOwnSpans(exports);
  assert.ok(tracer.getProvider() instanceof ProxyTracerProvider);
  assert.equal(await new JobContext().initRecording(), undefined);
});

test('a provider of the application’s own stays one', async () => {
  const own = { getTracer: () => undefined };
  const { exports, JobContext } = standIn(own);
  markOwnSpans(exports);
  assert.equal(await new JobContext().initRecording(), own);
});
