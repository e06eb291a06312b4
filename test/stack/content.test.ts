import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { ATTR, ATTRIBUTES, type Definition, EVENT, SPAN } from '../../model/semconv.ts';
import { CONTENT_MODES, type ContentMode } from '../support/deployment.ts';
import { storedCall } from '../support/observed-world.ts';
import { poll } from '../support/poll.ts';
import { attributes, childOf, nanos, newTrace, request, send } from '../support/stack/otlp-spans.ts';
import { type Collector, RECOVERY_MS, type Stack, startStack } from '../support/stack/stack.ts';

const PHONE = '+1 (202) 555-0147';
const EMAIL = 'jane.roe@mail.example.com';
const CARD = '5555 5555 5555 4444';
const WORDS = 'My mother is ill and I cannot come on Tuesday';
const PERSONAL = [PHONE, '555-0147', EMAIL, 'jane.roe', CARD];
const SAID = `${WORDS}. Ring me at ${PHONE}, write to ${EMAIL}, card ${CARD}.`;

/** Attributes of other frameworks that hold words; what earshot itself calls content comes from the conventions. */
const FOREIGN_CONTENT = [
  'gen_ai.system_instructions',
  'gen_ai.tool.call.arguments',
  'gen_ai.tool.call.result',
  'gen_ai.prompt.0.content',
  'gen_ai.completion.0.content',
  'lk.pii.user_transcript',
  'lk.pii.response.text',
  'lk.user_transcript',
  'lk.function_tool.arguments',
  'transcript',
  'input',
  'output',
  'ai.prompt.messages',
  'ai.response.text',
  'input.value',
  'llm.input_messages.0.message.content',
  'traceloop.entity.input',
  'langfuse.observation.output',
];
const CONTENT = [
  ...Object.values<Definition>(ATTRIBUTES)
    .filter(({ privacy }) => privacy === 'content')
    .map(({ name }) => name),
  ...FOREIGN_CONTENT,
];

const KIND = { internal: 1, server: 2, client: 3 } as const;

/** A call with one turn, with words and people in every place that a span has for them. */
function planted(callId: string, service: string) {
  const startMs = Date.now() - 10_000;
  const [call, turn] = [newTrace(), newTrace()];
  const span = (name: string, kind: number, fromMs: number, toMs: number) => ({
    name,
    kind,
    startTimeUnixNano: nanos(startMs, fromMs),
    endTimeUnixNano: nanos(startMs, toMs),
  });
  const ofCall = { [ATTR.callId]: callId };
  const words = Object.fromEntries(CONTENT.map((name) => [name, SAID]));
  const failure = {
    name: 'exception',
    timeUnixNano: nanos(startMs, 2_500),
    attributes: attributes({
      'exception.type': 'TimeoutError',
      'exception.message': SAID,
      'exception.stacktrace': SAID,
    }),
  };
  const committed = {
    name: EVENT.turnCommitted,
    timeUnixNano: nanos(startMs, 2_000),
    attributes: attributes({ note: SAID, [ATTR.userText]: SAID }),
  };
  return request({ 'service.name': service, 'support.contact': EMAIL }, [
    {
      ...turn,
      ...span(SPAN.turn, KIND.server, 1_000, 5_000),
      attributes: attributes({
        ...ofCall,
        [ATTR.turnIndex]: 0,
        [ATTR.turnInitiator]: 'user',
        ...words,
        'sip.from': `sip:${PHONE}`,
        customer: EMAIL,
      }),
      events: [committed, failure],
      links: [call],
    },
    {
      ...childOf(turn),
      ...span(SPAN.tts, KIND.client, 2_000, 3_000),
      attributes: attributes({
        ...ofCall,
        [ATTR.stage]: 'tts',
        [ATTR.providerName]: 'cartesia',
        [ATTR.requestModel]: 'sonic-2-2024-10-19',
        [ATTR.errorType]: 'TimeoutError',
      }),
      events: [failure],
      status: { code: 2, message: SAID },
    },
    {
      ...childOf(turn),
      ...span(`dial ${PHONE}`, KIND.internal, 3_000, 4_000),
      attributes: attributes(ofCall),
    },
    {
      ...call,
      ...span(SPAN.call, KIND.server, 0, 6_000),
      attributes: attributes({ ...ofCall, [ATTR.transport]: 'twilio' }),
    },
  ]);
}

let stack: Stack;
const downstream = new Map<ContentMode, string>();
const rows = new Map<ContentMode, Awaited<ReturnType<typeof storedCall>>>();

/** All that Jaeger, the tables and the metrics say of one mode's call, as text. */
async function everything(collector: Collector, service: string, callId: string): Promise<string> {
  const tables = await Promise.all(
    ['call_spans', 'call_logs', 'call_metrics'].map((table) =>
      stack.db.query<{ row: string }>(
        `SELECT row_to_json(t)::text AS row FROM earshot.${table} t WHERE call_id = $1`,
        [callId],
      ),
    ),
  );
  const metrics = await poll(
    async () => {
      const page = await (await fetch(collector.metricsUrl)).text();
      return page.includes(service) && page;
    },
    { deadlineMs: 20_000, what: `metrics of ${service}` },
  );
  return [await stack.jaeger.everything(service), metrics, ...tables.flat().map(({ row }) => row)].join('\n');
}

before(async () => {
  stack = await startStack();
  for (const mode of CONTENT_MODES) {
    const collector = mode === 'metadata' ? stack.collector : await stack.startCollector(mode);
    // Nine digits and more in the id of a call are an id, not a number of someone.
    const [service, callId] = [`planted-${mode}`, `CA0123456789-${mode}`];
    await send(collector.url, planted(callId, service));
    rows.set(mode, await storedCall(stack.db, callId, RECOVERY_MS));
    await poll(
      async () =>
        (await stack.jaeger.search(service, { [ATTR.callId]: callId })).flatMap(({ spans }) => spans)
          .length === 4,
      { deadlineMs: RECOVERY_MS, intervalMs: 100, what: `four spans of ${callId} in Jaeger` },
    );
    downstream.set(mode, await everything(collector, service, callId));
  }
});
after(() => stack?.stop());

/** The texts as they stand in JSON. */
const found = (mode: ContentMode, words: readonly string[]): string[] =>
  words.filter((word) => downstream.get(mode)?.includes(JSON.stringify(word).slice(1, -1)));

describe('what was said, and of whom', () => {
  it('is nowhere in metadata mode', () => {
    assert.deepEqual(found('metadata', [WORDS, 'mother', 'Tuesday', ...PERSONAL]), []);
    for (const name of CONTENT) assert.ok(!downstream.get('metadata')?.includes(`"${name}"`), name);
  });

  it('is masked in redacted mode, but for the words', () => {
    assert.deepEqual(found('redacted', PERSONAL), []);
    assert.deepEqual(found('redacted', [WORDS]), [WORDS]);
    assert.match(
      rows.get('redacted')?.logs[0]?.user_text ?? '',
      /^My mother .* Ring me at \*\*\*\*, write to \*\*\*\*/,
    );
  });

  it('is all there in full mode', () => {
    assert.deepEqual(found('full', [SAID, EMAIL, PHONE]), [SAID, EMAIL, PHONE]);
    assert.equal(rows.get('full')?.logs[0]?.user_text, SAID);
  });

  it('changes no row but for the words', () => {
    const [metadata, , full] = CONTENT_MODES.map((mode) => rows.get(mode));
    assert.ok(metadata && full);
    const same = ({ logs }: typeof full) =>
      logs.map(({ call_id: _1, trace_id: _2, created_at: _3, user_text: _4, agent_text: _5, ...row }) => row);
    assert.deepEqual(same(metadata), same(full));
    assert.equal(metadata.logs[0]?.tts_model, 'sonic-2-2024-10-19');
    assert.equal(metadata.logs[0]?.error_type, 'TimeoutError');
    assert.equal(metadata.logs[0]?.user_text, null);
  });
});
