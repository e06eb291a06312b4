import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  type ReportRecord,
  readRecordingParts,
  readReportRecords,
} from '../../../exporter/dialects/livekit-report.ts';
import type { Fact, SaidFact } from '../../../model/facts.ts';

const ids = {
  trace: (job: string) => `trace of ${job}`,
  span: (job: string, what: string) => `${job}/${what}`,
};
const CAPTURED = { captureContent: true, ids };
const T0 = 1_790_000_000_000_000;

const record = (body: string, attributes: object, more: Partial<ReportRecord> = {}): ReportRecord => ({
  ...{ timeUs: T0, body, attributes: { job_id: 'AJ_1', ...attributes }, resource: {} },
  ...{ scopeName: 'chat_history', scopeAttributes: {}, ...more },
});
const only = (facts: readonly Fact[]): Fact => {
  const [fact, ...others] = facts;
  assert.ok(fact && others.length === 0, JSON.stringify(facts));
  return fact;
};

test('the report of either language is the call, with what each model used in one unit', () => {
  const js = only(
    readReportRecords(
      [
        record('session report', {
          agent_name: 'front-desk',
          'session.report_timestamp': T0 / 1e3 + 19_000,
          usage: [
            {
              type: 'llm_usage',
              provider: 'api.openai.com',
              model: 'gpt-4o-mini',
              inputTokens: 1_152,
              inputCachedTokens: 40,
              outputTokens: 53,
            },
            { type: 'stt_usage', provider: 'Deepgram', model: 'nova-3', audioDurationMs: 11_700 },
            {
              type: 'tts_usage',
              provider: 'Cartesia',
              model: 'sonic-3',
              charactersCount: 597,
              audioDurationMs: 9_000,
            },
            { type: 'interruption_usage', provider: 'livekit', totalRequests: 3 },
          ],
        }),
      ],
      CAPTURED,
    ),
  );
  assert.deepEqual(js, {
    ...{
      traceId: 'trace of AJ_1',
      spanId: 'AJ_1/report',
      callId: 'AJ_1',
      name: 'session report',
      type: 'call',
    },
    ...{ reported: true, transport: 'livekit', agentName: 'front-desk', startUs: T0, endUs: T0 + 19_000_000 },
    used: [
      {
        stage: 'llm',
        provider: 'openai',
        model: 'gpt-4o-mini',
        usage: { inputTokens: 1_152, cachedInputTokens: 40, outputTokens: 53 },
      },
      { stage: 'stt', provider: 'deepgram', model: 'nova-3', usage: { audioSeconds: 11.7 } },
      // It counts twice what its sentence adapter passes on.
      { stage: 'tts', provider: 'cartesia', model: 'sonic-3' },
    ],
  });
  const python = only(
    readReportRecords(
      [
        record(
          'session report',
          {
            'session.report_timestamp': T0 / 1e6 + 19,
            'session.tags': ['vip', '???'],
            usage: [
              {
                type: 'tts_usage',
                provider: 'Cartesia',
                model: 'sonic-3',
                characters_count: 283,
                audio_duration: 17.06,
              },
            ],
          },
          { resource: { 'service.name': 'unknown_service:python' } },
        ),
      ],
      CAPTURED,
    ),
  );
  assert.ok(python.type === 'call' && python.serviceName === undefined);
  assert.deepEqual([python.endUs, python.tags], [T0 + 19_000_000, { vip: 'true' }]);
  assert.deepEqual(python.used?.[0]?.usage, { characters: 283, audioSeconds: 17.06 });
});

const MESSAGE = {
  ...{ id: 'item_1', role: 'ASSISTANT', content: [{ text: 'Hello.' }], created_at: '2026-09-21T14:13:20.5Z' },
  metrics: {
    started_speaking_at: '2026-09-21T14:13:21.123456Z',
    stopped_speaking_at: '2026-09-21T14:13:22Z',
    ...{ e2e_latency: 0.6, llm_node_ttft: 0.2, tts_node_ttfb: 0.1 },
  },
};
const OWN = {
  ...{ type: 'message', id: 'item_1', role: 'assistant', content: ['Hello.'], created_at: 1_790_000_000.5 },
  metrics: {
    ...{ started_speaking_at: 1_790_000_001.123456, stopped_speaking_at: 1_790_000_002 },
    ...{ e2e_latency: 0.6, llm_node_ttft: 0.2, tts_node_ttfb: 0.1 },
  },
};

test('an item is the same from the log and from the file of a history', () => {
  const logged = only(
    readReportRecords([record('chat item', { 'chat.item': { message: MESSAGE } })], CAPTURED),
  );
  const filed = only(readRecordingParts({ jobId: 'AJ_1' }, { items: [OWN] }, CAPTURED));
  assert.deepEqual(filed, logged);
  assert.ok(logged.type === 'said');
  assert.deepEqual(
    [logged.by, logged.startUs, logged.endUs, logged.words, logged.characters],
    ['agent', 1_790_000_001_123_456, 1_790_000_002_000_000, 'Hello.', 6],
  );
});

test('words are kept only where content is captured and the session is not redacted', () => {
  const item = { 'chat.item': { message: MESSAGE } };
  const words = (facts: readonly Fact[]) => (only(facts) as SaidFact).words;
  assert.equal(
    words(readReportRecords([record('chat item', item)], { captureContent: false, ids })),
    undefined,
  );
  const marked = { 'lk.redaction.enabled': true };
  assert.equal(words(readReportRecords([record('chat item', { ...item, ...marked })], CAPTURED)), undefined);
  const scoped = record('chat item', item, { scopeAttributes: marked });
  assert.equal(words(readReportRecords([scoped], CAPTURED)), undefined);
  assert.equal(
    words(readRecordingParts({ jobId: 'AJ_1', redacted: true }, { items: [OWN] }, CAPTURED)),
    undefined,
  );
});

test('of a history that is longer than is read the latest items count: it is the last spans that are lost', () => {
  const items = Array.from({ length: 20_003 }, (_, index) => ({ ...OWN, id: `item_${index}` }));
  const facts = readRecordingParts({ jobId: 'AJ_1' }, { items }, CAPTURED);
  assert.deepEqual(
    [facts.length, facts[0]?.spanId, facts.at(-1)?.spanId],
    [20_000, 'AJ_1/item_3', 'AJ_1/item_20002'],
  );
});

test('a tool call is one with its result', () => {
  const call = {
    call_id: 'call_1',
    name: 'book',
    arguments: '{"name":"Ann"}',
    created_at: '2026-09-21T14:13:20Z',
  };
  const output = { call_id: 'call_1', is_error: true, output: 'Ann', created_at: '2026-09-21T14:13:21Z' };
  const items = [{ function_call: call }, { function_call_output: output }, { agent_handoff: {} }];
  const fact = only(
    readReportRecords(
      items.map((item) => record('chat item', { 'chat.item': item })),
      CAPTURED,
    ),
  );
  assert.ok(fact.type === 'said');
  assert.deepEqual(
    [fact.by, fact.toolName, fact.errorType, fact.endUs - fact.startUs],
    ['tool', 'book', 'tool_error', 1_000_000],
  );
  assert.doesNotMatch(JSON.stringify(fact), /Ann/);
});

test('the recording’s header has the end, its reason and what was used, where Python sends no log', () => {
  const summary = JSON.stringify({
    ...{ timestamp: T0 / 1e6 + 21, close_reason: 'CR_PARTICIPANT_DISCONNECTED', agent_name: 'front-desk' },
    usage: [{ type: 'stt_usage', provider: 'Deepgram', model: 'nova-3', audio_duration: 30.12 }],
  });
  const fact = only(readRecordingParts({ jobId: 'AJ_1', startUs: T0, summary }, undefined, CAPTURED));
  assert.ok(fact.type === 'call');
  assert.deepEqual(
    [fact.startUs, fact.endUs, fact.endReason, fact.agentName, fact.used?.[0]?.usage],
    [T0, T0 + 21_000_000, 'participant_disconnected', 'front-desk', { audioSeconds: 30.12 }],
  );
});

test('an outcome of the application’s own is one', () => {
  const outcome = (value: string) =>
    readReportRecords(
      [record('outcome', { outcome: { outcome: value } }, { scopeName: 'evaluations' })],
      CAPTURED,
    );
  const fact = only(outcome('fail'));
  assert.ok(fact.type === 'call' && fact.outcome === 'FAIL' && fact.outcomeSource === 'explicit');
  assert.deepEqual(outcome('maybe'), []);
});

test('whatever is sent in place of all that, nothing is thrown, and no job is nothing', () => {
  assert.deepEqual(readReportRecords([record('session report', { job_id: '' })], CAPTURED), []);
  const bodies = fc.constantFrom('session report', 'chat item', 'outcome', 'tag', '');
  const values = fc.oneof(
    fc.anything({ withNullPrototype: true, maxDepth: 4 }),
    fc.constant({ message: MESSAGE }),
    fc.record({ message: fc.dictionary(fc.constantFrom(...Object.keys(MESSAGE)), fc.anything()) }),
    fc.record({
      function_call: fc.dictionary(fc.constantFrom('call_id', 'created_at', 'name'), fc.anything()),
    }),
  );
  const names = fc.constantFrom('chat.item', 'usage', 'session.tags', 'session.report_timestamp', 'outcome');
  fc.assert(
    fc.property(
      bodies,
      fc.dictionary(names, values),
      fc.anything(),
      fc.string(),
      (body, attributes, history, summary) => {
        for (const scopeName of ['chat_history', 'evaluations'])
          JSON.stringify(readReportRecords([record(body, attributes, { scopeName })], CAPTURED));
        JSON.stringify(readRecordingParts({ jobId: 'AJ_1', startUs: T0, summary }, history, CAPTURED));
        const items = Object.values(attributes);
        JSON.stringify(readRecordingParts({ jobId: 'AJ_1' }, { items }, CAPTURED));
      },
    ),
    { numRuns: 800 },
  );
});
