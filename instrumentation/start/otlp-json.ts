import { type FinishedSpan, fromFinishedSpan, type SpanRecord } from '../../model/span-record.ts';

type Attributes = Readonly<Record<string, unknown>>;

/** The body of an OTLP/HTTP request in JSON, with what rows are made of: of spans of any SDK, which their own exporters may not be. */
export function otlpJson(spans: readonly FinishedSpan[]): string {
  const byResource = new Map<unknown, { resource: Attributes; spans: SpanRecord[] }>();
  for (const span of spans) {
    const record = fromFinishedSpan(span);
    const group = byResource.get(span.resource) ?? { resource: record.resource, spans: [] };
    group.spans.push(record);
    byResource.set(span.resource, group);
  }
  return JSON.stringify({
    resourceSpans: [...byResource.values()].map(({ resource, spans: records }) => ({
      resource: { attributes: keyValues(resource) },
      scopeSpans: records.map((record) => ({
        scope: { name: record.scopeName ?? '', version: record.scopeVersion },
        spans: [otlpSpan(record)],
      })),
    })),
  });
}

const otlpSpan = (record: SpanRecord) => ({
  traceId: record.traceId,
  spanId: record.spanId,
  parentSpanId: record.parentSpanId,
  name: record.name,
  startTimeUnixNano: nanos(record.startUs),
  endTimeUnixNano: nanos(record.endUs),
  status: { code: record.statusCode },
  attributes: keyValues(record.attributes),
  events: record.events.map(({ name, timeUs, attributes = {} }) => ({
    name,
    timeUnixNano: nanos(timeUs),
    attributes: keyValues(attributes),
  })),
});

/** As text: nanoseconds are beyond what a number holds. */
const nanos = (us: number) => `${us}000`;

const keyValues = (attributes: Attributes) =>
  Object.entries(attributes).flatMap(([key, given]) => {
    const value = anyValue(given);
    return value === undefined ? [] : [{ key, value }];
  });

function anyValue(value: unknown): object | undefined {
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  if (typeof value === 'number') {
    if (Number.isSafeInteger(value)) return { intValue: String(value) };
    return Number.isFinite(value) ? { doubleValue: value } : undefined;
  }
  if (!Array.isArray(value)) return undefined;
  return { arrayValue: { values: value.flatMap((item) => anyValue(item) ?? []) } };
}
