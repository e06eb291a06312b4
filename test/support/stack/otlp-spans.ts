import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { ATTR } from '../../../model/semconv.ts';

type Value =
  | { readonly stringValue: string }
  | { readonly intValue: string }
  | { readonly doubleValue: number };

/** An attribute in OTLP/JSON. */
export interface OtlpAttribute {
  readonly key: string;
  readonly value: Value;
}

/** Attributes in OTLP/JSON; whole numbers as such. */
export const attributes = (values: Readonly<Record<string, string | number>>): OtlpAttribute[] =>
  Object.entries(values).map(([key, value]) => {
    if (typeof value === 'string') return { key, value: { stringValue: value } };
    return { key, value: Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value } };
  });

export interface SpanIds {
  readonly traceId: string;
  readonly spanId: string;
}

const hex = (bytes: number): string => randomBytes(bytes).toString('hex');

/** Of a span that begins a trace. */
export const newTrace = (): SpanIds => ({ traceId: hex(16), spanId: hex(8) });

/** Of a span in the same trace. */
export const childOf = ({ traceId, spanId }: SpanIds) => ({ traceId, spanId: hex(8), parentSpanId: spanId });

/** Nanoseconds since 1970 as OTLP/JSON has them, this long after an instant. */
export const nanos = (startMs: number, afterMs: number): string => `${startMs + afterMs}000000`;

/** A request of OTLP/HTTP with the spans of one program. */
export const request = (resource: Readonly<Record<string, string>>, spans: readonly object[]) => ({
  resourceSpans: [
    { resource: { attributes: attributes(resource) }, scopeSpans: [{ scope: { name: 'earshot' }, spans }] },
  ],
});

/** Sends it, and fails when it is not taken. */
export async function send(url: string, body: unknown): Promise<void> {
  const response = await fetch(`${url}/v1/traces`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  assert.equal(response.status, 200, await response.text());
}

/** Makes the spans of a call that began at `startMs`; their times are milliseconds after that. */
export const spanMaker =
  (callId: string, startMs: number) =>
  (name: string, fromMs: number, toMs: number, more: Readonly<Record<string, string | number>>) => ({
    name,
    kind: 2,
    startTimeUnixNano: nanos(startMs, fromMs),
    endTimeUnixNano: nanos(startMs, toMs),
    attributes: attributes({ [ATTR.callId]: callId, ...more }),
  });
