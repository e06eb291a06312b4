import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { context, type TracerProvider as Provider, ROOT_CONTEXT, type Span, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { contextManager } from '../../../instrumentation/otel/context-manager.ts';
import { Succession } from '../../../instrumentation/otel/succession.ts';

const contexts = contextManager();
context.setGlobalContextManager(contexts);

function provider() {
  const exporter = new InMemorySpanExporter();
  const made = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] });
  return { made, names: () => exporter.getFinishedSpans().map(({ name }) => name) };
}

function pair() {
  const [ours, theirs] = [provider(), provider()];
  const succession = new Succession();
  succession.watch(ours.made);
  return { ours, theirs, succession };
}

describe('tracers that were handed out', () => {
  it('are the same for the same name, and go over to the provider that comes', () => {
    const { ours, theirs, succession } = pair();
    const tracer = ours.made.getTracer('kept');
    assert.equal(ours.made.getTracer('kept'), tracer);
    tracer.startSpan('before').end();
    const open = tracer.startSpan('open');
    succession.to(theirs.made);
    tracer.startSpan('after').end();
    ours.made.getTracer('asked later').startSpan('later').end();
    open.end();
    assert.deepEqual(
      [ours.names(), theirs.names()],
      [
        ['before', 'open'],
        ['after', 'later'],
      ],
    );
  });

  it('run a function with their span active, in all three forms', () => {
    const { ours, theirs, succession } = pair();
    const tracer = ours.made.getTracer('kept');
    succession.to(theirs.made);
    const nested = (span: Span) => {
      assert.equal(trace.getActiveSpan(), span);
      tracer.startActiveSpan('nested', (inner) => inner.end());
      span.end();
      return span.spanContext().spanId;
    };
    for (const id of [
      tracer.startActiveSpan('one', nested),
      tracer.startActiveSpan('two', { attributes: {} }, nested),
      tracer.startActiveSpan('three', {}, ROOT_CONTEXT, nested),
    ])
      assert.match(id, /^[0-9a-f]{16}$/);
    assert.deepEqual(theirs.names(), ['nested', 'one', 'nested', 'two', 'nested', 'three']);
  });

  it('are not asked in a circle by a provider that is built upon theirs', () => {
    const { ours, succession } = pair();
    const around: Provider = {
      getTracer: (...args) => {
        const lazily = () => ours.made.getTracer(...args);
        return { startSpan: (...of) => lazily().startSpan(...of), startActiveSpan: () => undefined as never };
      },
    };
    succession.to(around);
    ours.made.getTracer('kept').startSpan('through both').end();
    assert.deepEqual(ours.names(), ['through both']);
  });
});

describe('the context manager', () => {
  it("hands over to the application's own, and what was running keeps its context", async () => {
    const theirs = new AsyncLocalStorageContextManager();
    const key = Symbol('what');
    const [before, after] = [ROOT_CONTEXT.setValue(key, 'before'), ROOT_CONTEXT.setValue(key, 'after')];
    const active = () => context.active().getValue(key);
    let bound = () => active();
    await context.with(before, async () => {
      bound = context.bind(before, active);
      contexts.handOver(theirs);
      await undefined;
      assert.equal(active(), 'before');
      await context.with(after, async () => {
        await undefined;
        assert.equal(active(), 'after');
        assert.equal(theirs.active(), after);
        assert.equal(bound(), 'before');
      });
      assert.equal(context.with(ROOT_CONTEXT, active), undefined);
    });
    assert.equal(active(), undefined);
    assert.equal(
      context.with(after, (given: string) => `${active()} ${given}`, undefined, 'given'),
      'after given',
    );
  });
});
