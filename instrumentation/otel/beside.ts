import {
  type Context,
  isSpanContextValid,
  SamplingDecision,
  type Span,
  type SpanContext,
  type SpanOptions,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import type { Resource } from '@opentelemetry/resources';
import type { SpanProcessor } from '@opentelemetry/sdk-trace';
import { SCOPE, VERSION } from '../../model/version.ts';
import { vendored } from '../../vendor/opentelemetry.ts';
import { guard, isReadable, type SpanStarter } from '../call/spans.ts';
import { spanLimitsFromEnv } from './otel-traces.ts';

/** Where spans go that the application's provider does not show. */
export interface Beside {
  readonly rows: SpanProcessor;
  resource(): Resource;
}

/**
 * Starts our spans at the application's tracer provider, so that they are in its traces and its exporters. Rows are read
 * from those spans as far as they can be. Where its sampler drops them, or where the provider is not an OpenTelemetry SDK
 * (Sentry, Datadog), they are recorded a second time, under the same ids, for the rows and nothing else.
 */
export class BesideTracer implements SpanStarter {
  readonly #beside: Beside;
  readonly #unseen: () => void;
  #recorder: Recorder | undefined;
  #saidUnseen = false;

  /** `unseen`: called once, when the API knows no provider. */
  constructor(beside: Beside, unseen: () => void) {
    this.#beside = beside;
    this.#unseen = unseen;
  }

  startSpan(name: string, options: SpanOptions, within: Context): Span {
    // Asked for every time: a tracer of another copy of the API does not follow what is registered later.
    const theirs = trace.getTracer(SCOPE, VERSION).startSpan(name, options, within);
    if (theirs.isRecording() && isReadable(theirs)) return theirs;
    this.#recorder ??= recorder(this.#beside);
    const ids = theirs.spanContext();
    // Without a provider the API returns the parent.
    const isShown = isSpanContextValid(ids) && ids.spanId !== trace.getSpanContext(within)?.spanId;
    if (!isShown) {
      if (!this.#saidUnseen) this.#unseen();
      this.#saidUnseen = true;
      return this.#recorder(undefined, name, options, within);
    }
    mirror(theirs, this.#recorder(ids, name, options, within));
    return theirs;
  }
}

type Recorder = (ids: SpanContext | undefined, ...args: Parameters<Tracer['startSpan']>) => Span;

/** Spans that are recorded and not sampled: no exporter takes them, nor what is started below them. */
function recorder({ rows, resource }: Beside): Recorder {
  const { RandomIdGenerator, TracerProvider }: typeof import('@opentelemetry/sdk-trace') =
    vendored('@opentelemetry/sdk-trace');
  let next: SpanContext | undefined;
  const random = new RandomIdGenerator();
  const tracer = new TracerProvider({
    resource: resource(),
    sampler: { shouldSample: () => ({ decision: SamplingDecision.RECORD }), toString: () => 'RowsOnly' },
    spanLimits: spanLimitsFromEnv(),
    idGenerator: {
      generateTraceId: () => next?.traceId ?? random.generateTraceId(),
      generateSpanId: () => next?.spanId ?? random.generateSpanId(),
    },
    spanProcessors: [rows],
  }).getTracer(SCOPE, VERSION);
  return (ids, ...args) => {
    next = ids;
    return tracer.startSpan(...args);
  };
}

const WRITING = [
  'setAttribute',
  'setAttributes',
  'addEvent',
  'addLink',
  'addLinks',
  'recordException',
  'setStatus',
  'updateName',
  'end',
] as const satisfies (keyof Span)[];

/**
 * Has what is written to a span written to a second one. The span stays what it is, because other libraries know their own
 * spans by more than the API's methods.
 */
function mirror(span: Span, second: Span): void {
  const methods = span as unknown as Record<string, (...args: unknown[]) => unknown>;
  const seconds = second as unknown as Record<string, (...args: unknown[]) => unknown>;
  for (const name of WRITING) {
    const method = methods[name];
    methods[name] = (...args) => {
      guard('recording a span for the rows', () => seconds[name]?.(...args));
      return method?.apply(span, args);
    };
  }
}
