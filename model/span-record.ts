import type { Micros } from './facts.ts';

/** A finished span in the one shape that dialects read, wherever it came from (SDK or OTLP). */
export interface SpanRecord {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name: string;
  startUs: Micros;
  endUs: Micros;
  /** OpenTelemetry status code: 0 unset, 1 ok, 2 error. */
  statusCode: number;
  attributes: Readonly<Record<string, unknown>>;
  events: readonly SpanRecordEvent[];
  resource: Readonly<Record<string, unknown>>;
  scopeName?: string;
  scopeVersion?: string;
}

export interface SpanRecordEvent {
  name: string;
  timeUs: Micros;
  attributes?: Readonly<Record<string, unknown>>;
}

/** OpenTelemetry's `[seconds, nanoseconds]`. */
export type HrTime = readonly [number, number];

/** The part of `Resource` that earshot reads. Detectors may still be at work on it when the first spans end. */
export interface SpanResource {
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly asyncAttributesPending?: boolean | undefined;
  getRawAttributes?(): readonly (readonly [string, unknown])[];
}

/**
 * The part of `ReadableSpan` that earshot reads. Structural, so that spans of the OpenTelemetry SDK 2.x and 3.x both
 * fit and the processor imports neither. (`parentSpanId` is how SDK 1.x spelled it.)
 */
export interface FinishedSpan {
  readonly name: string;
  spanContext(): { traceId: string; spanId: string };
  readonly parentSpanContext?: { spanId: string } | undefined;
  readonly parentSpanId?: string | undefined;
  readonly startTime: HrTime;
  readonly endTime: HrTime;
  readonly status: { code: number };
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly events: readonly {
    name: string;
    time: HrTime;
    attributes?: Readonly<Record<string, unknown>> | undefined;
  }[];
  readonly resource: SpanResource;
  readonly instrumentationScope?: { name: string; version?: string | undefined } | undefined;
}

/** `HrTime` to whole microseconds, rounded to the nearest. */
const toMicros = ([seconds, nanos]: HrTime): Micros => seconds * 1_000_000 + Math.round(nanos / 1_000);

/** One span of the SDK, in the shape that dialects read. */
export function fromFinishedSpan(span: FinishedSpan): SpanRecord {
  const { traceId, spanId } = span.spanContext();
  const parentSpanId = span.parentSpanContext?.spanId ?? span.parentSpanId;
  const scope = span.instrumentationScope;
  const record: SpanRecord = {
    traceId,
    spanId,
    name: span.name,
    startUs: toMicros(span.startTime),
    endUs: toMicros(span.endTime),
    statusCode: span.status.code,
    attributes: span.attributes,
    events: span.events.map(toEvent),
    resource: resourceAttributes(span.resource),
  };
  // Set, and not spread: every span of the process comes through here, and spreading costs several times as much.
  if (parentSpanId !== undefined) record.parentSpanId = parentSpanId;
  if (scope !== undefined) record.scopeName = scope.name;
  if (scope?.version !== undefined) record.scopeVersion = scope.version;
  return record;
}

function toEvent({ name, time, attributes }: FinishedSpan['events'][number]): SpanRecordEvent {
  const event: SpanRecordEvent = { name, timeUs: toMicros(time) };
  if (attributes !== undefined) event.attributes = attributes;
  return event;
}

/** The attributes known by now. Asking for all of them while some are pending makes the SDK log an error. */
function resourceAttributes(resource: SpanResource): Readonly<Record<string, unknown>> {
  if (!resource.asyncAttributesPending || !resource.getRawAttributes) return resource.attributes;
  const known: Record<string, unknown> = {};
  // As the SDK has it: of two values for a name the first counts.
  for (const [name, value] of resource.getRawAttributes())
    if (value !== undefined && !(value instanceof Promise)) known[name] ??= value;
  return known;
}
