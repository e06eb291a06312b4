import assert from 'node:assert/strict';
import { context, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { readFact } from '../../exporter/dialects/index.ts';
import type { Fact } from '../../model/facts.ts';
import { fromFinishedSpan, type SpanRecord } from '../../model/span-record.ts';
import { poll } from './poll.ts';

const exporter = new InMemorySpanExporter();

/** Registers an OpenTelemetry SDK that keeps finished spans in memory. Once per process, as registering is. */
export function recordSpans(): void {
  if (
    trace.setGlobalTracerProvider(
      new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] }),
    )
  )
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
}

/** The spans finished since the last time, oldest first. */
export function takeSpans(): SpanRecord[] {
  const spans = exporter.getFinishedSpans().map((span) => fromFinishedSpan(span));
  exporter.reset();
  return spans;
}

/** The facts that the pipeline reads from the spans finished since the last time. */
export const takeFacts = (): Fact[] => takeSpans().flatMap((span) => readFact(span) ?? []);

/** The spans that `run` leads to, when there are as many as expected. */
export async function spansOf(count: number, run: () => unknown): Promise<SpanRecord[]> {
  takeSpans();
  const spans: SpanRecord[] = [];
  await run();
  await poll(() => spans.push(...takeSpans()) >= count);
  assert.equal(spans.length, count);
  return spans;
}

/** The one span that `run` leads to. */
export async function spanOf(run: () => unknown): Promise<SpanRecord> {
  const [span] = await spansOf(1, run);
  assert.ok(span);
  return span;
}
