import assert from 'node:assert/strict';
import { test } from 'node:test';
import { JsonLogsSerializer, ProtobufLogsSerializer } from '@opentelemetry/otlp-transformer';
import fc from 'fast-check';
import { decodeLogsJson } from '../../../exporter/receiver/decode/decode-logs-json.ts';
import { decodeLogsProtobuf } from '../../../exporter/receiver/decode/decode-logs-protobuf.ts';
import { DEFAULT_LIMITS, MalformedError, TooLargeError } from '../../../exporter/receiver/decode/limits.ts';
import type { LogRecord } from '../../../exporter/receiver/decode/log-record.ts';
import { readLogRequest } from '../../../exporter/receiver/log-request.ts';
import { isJudgment } from '../../../model/scores.ts';

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

const EVALUATION = {
  'gen_ai.evaluation.name': 'Answer Relevance',
  'gen_ai.evaluation.score.value': 4,
  'gen_ai.evaluation.score.label': 'relevant',
  'gen_ai.evaluation.explanation': 'The user asked for a table',
  // Of the request that is judged: it was made once.
  'gen_ai.operation.name': 'chat',
};
const evaluation = (attributes: object) => record('', 'evaluator', { ...EVALUATION, ...attributes });

test('of log records the evaluations of calls are read, the same ones of both encodings, and nothing else', () => {
  const records = [
    ...RECORDS,
    evaluation({ 'voice.call.id': 'CA1' }),
    evaluation({ 'gen_ai.conversation.id': 'CA2' }),
    evaluation({}),
    evaluation({ 'voice.call.id': 'CA3', 'gen_ai.evaluation.name': 'x'.repeat(65) }),
  ];
  const bodies = {
    protobuf: ProtobufLogsSerializer.serializeRequest(records as never),
    json: JsonLogsSerializer.serializeRequest(records as never),
  };
  const read = (encoding: keyof typeof bodies) =>
    readLogRequest(Buffer.from(bodies[encoding] ?? []), encoding, DEFAULT_LIMITS, 'acme');
  const { facts, limited } = read('protobuf');
  assert.deepEqual(read('json'), { facts, limited });
  const atUs = 1_790_000_000_123_457;
  const scores = [{ name: 'Answer_Relevance', value: 4, label: 'relevant', atUs }];
  assert.deepEqual(
    facts.map(({ type, callId, tenant, scores: told, endUs }) => [type, callId, tenant, told, endUs]),
    ['CA1', 'CA2'].map((callId) => ['other', callId, 'acme', scores, atUs]),
  );
  assert.ok(facts.every(isJudgment), 'they are no part of what happened in the call');
  assert.notEqual(facts[0]?.spanId, facts[1]?.spanId);
  assert.ok(limited >= 2, 'what is of no call, and a name that is none, are counted');
  assert.doesNotMatch(JSON.stringify(facts), /table/);
  assert.deepEqual(
    readLogRequest(Buffer.alloc(100), 'protobuf', DEFAULT_LIMITS),
    { facts: [], limited: 0 },
    'what has no evaluation is not decoded',
  );
});
