import assert from 'node:assert/strict';
import { test } from 'node:test';
import { JsonLogsSerializer, ProtobufLogsSerializer } from '@opentelemetry/otlp-transformer';
import fc from 'fast-check';
import { decodeLogsJson } from '../../../exporter/receiver/decode/decode-logs-json.ts';
import { decodeLogsProtobuf } from '../../../exporter/receiver/decode/decode-logs-protobuf.ts';
import { DEFAULT_LIMITS, MalformedError, TooLargeError } from '../../../exporter/receiver/decode/limits.ts';
import type { LogRecord } from '../../../exporter/receiver/decode/log-record.ts';

const record = (body: string, scope: string, attributes: Record<string, unknown>) => ({
  hrTime: [1_790_000_000, 123_456_789],
  hrTimeObserved: [1_790_000_001, 0],
  body,
  attributes,
  severityNumber: 9,
  droppedAttributesCount: 0,
  resource: { attributes: { job_id: 'AJ_1' }, asyncAttributesPending: false },
  instrumentationScope: { name: scope },
});
const RECORDS = [
  record('session report', 'chat_history', {
    usage: [{ type: 'llm_usage', input_tokens: 3 }],
    deep: { a: [1, 'b'] },
  }),
  record('a line', 'livekit.agents', { secret: 'x' }),
  record('chat item', 'chat_history', {
    'chat.item': { message: { id: 'item_1', content: [{ text: 'Hi.' }] } },
  }),
];

function decoded(decode: typeof decodeLogsJson, body: Uint8Array, limits = DEFAULT_LIMITS): LogRecord[] {
  const records: LogRecord[] = [];
  decode(Buffer.from(body), limits, {
    wants: (name) => name === 'chat_history',
    record: (each) => void records.push(each),
    limited: () => {},
  });
  return records;
}

const protobuf = ProtobufLogsSerializer.serializeRequest(RECORDS as never) ?? new Uint8Array();
const json = JsonLogsSerializer.serializeRequest(RECORDS as never) ?? new Uint8Array();

test('both encodings give the same records: those that are wanted, with all that they have', () => {
  const records = decoded(decodeLogsProtobuf, protobuf);
  assert.deepEqual(decoded(decodeLogsJson, json), records);
  assert.deepEqual(
    records.map(({ body, timeUs, resource }) => [body, timeUs, resource.job_id]),
    [
      ['session report', 1_790_000_000_123_457, 'AJ_1'],
      ['chat item', 1_790_000_000_123_457, 'AJ_1'],
    ],
  );
  assert.deepEqual(records[0]?.attributes, RECORDS[0]?.attributes);
});

test('more records than there may be are refused', () => {
  const limits = { ...DEFAULT_LIMITS, spans: 1 };
  assert.throws(() => decoded(decodeLogsProtobuf, protobuf, limits), TooLargeError);
  assert.throws(() => decoded(decodeLogsJson, json, limits), TooLargeError);
});

test('whatever the bytes are, nothing but a refusal comes out', () => {
  const bent = fc
    .tuple(fc.constantFrom(protobuf, json), fc.nat(), fc.integer({ min: 0, max: 255 }), fc.nat())
    .map(([from, at, byte, cut]) => {
      const bytes = Uint8Array.from(from).subarray(0, from.length - (cut % 3 === 0 ? cut % from.length : 0));
      if (bytes.length > 0) bytes[at % bytes.length] = byte;
      return bytes;
    });
  fc.assert(
    fc.property(fc.oneof(bent, fc.uint8Array({ maxLength: 200 })), (bytes) => {
      for (const decode of [decodeLogsProtobuf, decodeLogsJson])
        try {
          decoded(decode, bytes);
        } catch (error) {
          assert.ok(error instanceof MalformedError || error instanceof TooLargeError, String(error));
        }
    }),
    { numRuns: 2_000 },
  );
});
