import { JsonTraceSerializer, ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer';
import { decodeJson } from '../../exporter/receiver/decode/decode-json.ts';
import { decodeProtobuf } from '../../exporter/receiver/decode/decode-protobuf.ts';
import { DEFAULT_LIMITS, type DecodeLimits } from '../../exporter/receiver/decode/limits.ts';
import type { SpanRecord } from '../../model/span-record.ts';

interface Read {
  spans: SpanRecord[];
  refused: string[];
  limited: number;
}

export function read(decode: typeof decodeJson, body: Buffer, limits: Partial<DecodeLimits> = {}): Read {
  const read: Read = { spans: [], refused: [], limited: 0 };
  decode(
    body,
    { ...DEFAULT_LIMITS, ...limits },
    {
      span: (span) => void read.spans.push(span),
      refused: (reason) => void read.refused.push(reason),
      limited: () => {
        read.limited += 1;
      },
    },
  );
  return read;
}

export const readJson = (value: unknown, limits: Partial<DecodeLimits> = {}) =>
  read(decodeJson, Buffer.from(JSON.stringify(value)), limits);
export const readProtobuf = (body: Buffer, limits: Partial<DecodeLimits> = {}) =>
  read(decodeProtobuf, body, limits);

export const protobufOf = (spans: Parameters<typeof ProtobufTraceSerializer.serializeRequest>[0]) =>
  Buffer.from(ProtobufTraceSerializer.serializeRequest(spans) ?? []);
export const jsonOf = (spans: Parameters<typeof JsonTraceSerializer.serializeRequest>[0]) =>
  Buffer.from(JsonTraceSerializer.serializeRequest(spans) ?? []);

/** The processor gives a root and an event without attributes other forms of nothing. */
export function withoutEmpty(span: SpanRecord): SpanRecord {
  const events = span.events.map(({ name, timeUs, attributes = {} }) => ({ name, timeUs, attributes }));
  return { ...span, events };
}
