import { ATTR, SPAN } from '../../model/semconv.ts';

/** An OTLP/JSON trace request, as objects. */
export interface OtlpJson {
  resourceSpans: unknown[];
}

const hex = (value: number, digits: number) => value.toString(16).padStart(digits, '0');
let made = 0;

/** A span of OTLP/JSON of a call, with ids of its own; fields of `changes` replace its own. */
export function otlpSpan(
  callId: string,
  changes: Readonly<Record<string, unknown>> = {},
): Record<string, unknown> {
  made += 1;
  return {
    traceId: `aa${hex(made, 30)}`,
    spanId: `bb${hex(made, 14)}`,
    name: SPAN.call,
    kind: 2,
    startTimeUnixNano: '1790000000000000000',
    endTimeUnixNano: '1790000060000000000',
    attributes: [{ key: ATTR.callId, value: { stringValue: callId } }],
    status: {},
    ...changes,
  };
}

/** One attribute of OTLP/JSON. */
export const attribute = (key: string, value: unknown): unknown => ({ key, value });

/** A request with these spans. */
export const otlpRequest = (...spans: unknown[]): OtlpJson => ({
  resourceSpans: [
    {
      resource: { attributes: [{ key: ATTR.serviceName, value: { stringValue: 'front-desk' } }] },
      scopeSpans: [{ scope: { name: 'earshot', version: '1' }, spans }],
    },
  ],
});

/** Sends a body to `/v1/traces`; an object as JSON. */
export function post(
  url: string,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
  path = '/v1/traces',
): Promise<Response> {
  const raw = typeof body === 'string' || body instanceof Uint8Array;
  return fetch(`${url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: raw ? body : JSON.stringify(body),
  });
}
