import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readFact } from '../../../exporter/dialects/index.ts';
import { finalizeCall } from '../../../exporter/finalize.ts';
import type { Fact } from '../../../model/facts.ts';
import type { CallLogRow } from '../../../model/rows.ts';
import type { SpanRecord } from '../../../model/span-record.ts';
import { recordedFacts, recordedSpans } from '../../support/otlp-json.ts';
import { RECORDING_PRICES } from '../../support/recorded-rows.ts';

const SAID = 'Thank you, this is Zebulon, and the service was really great';

/** Where LiveKit 1.4 to 1.9, Pipecat 1.14 and the conventions write what was said. */
const CONTENT = [
  ...['user_transcript', 'user_input', 'response.text', 'input_text', 'chat_ctx', 'instructions'].flatMap(
    (name) => [`lk.pii.${name}`, `lk.${name}`],
  ),
  'lk.pii.function_tool.output',
  ...['transcript', 'text', 'output', 'input'],
  ...['gen_ai.input.messages', 'gen_ai.output.messages', 'gen_ai.system_instructions'],
];

/** The recording with one sentence wherever a framework could have written one. */
const planted = (recording: string): SpanRecord[] =>
  recordedSpans(recording).map((span) => ({
    ...span,
    attributes: { ...span.attributes, ...Object.fromEntries(CONTENT.map((name) => [name, SAID])) },
    events: [
      ...span.events,
      { name: 'exception', timeUs: span.startUs, attributes: { 'exception.message': SAID } },
      { name: 'gen_ai.user.message', timeUs: span.startUs, attributes: { content: SAID } },
    ],
  }));

const FRAMEWORKS = ['livekit-js', 'livekit-python', 'pipecat'];

const words = ({ user_text, agent_text }: CallLogRow) => [user_text, agent_text];

for (const recording of FRAMEWORKS) {
  test(`${recording}: without content capture no word is in a fact or a row`, () => {
    for (const options of [undefined, { captureContent: false }]) {
      const facts = planted(recording).flatMap((span) => readFact(span, options) ?? []);
      const rows = finalizeCall(facts, RECORDING_PRICES);
      assert.doesNotMatch(JSON.stringify([facts, rows]), /Zebulon/);
      assert.ok(rows.logs.every((log) => log.user_text === null && log.agent_text === null));
      assert.equal(rows.metrics.sentiment_avg, null);
      assert.equal(rows.metrics.outcome_source, null);
    }
  });

  test(`${recording}: content capture adds words and what is judged by them, and changes no figure`, () => {
    const without = finalizeCall(recordedFacts(recording), RECORDING_PRICES);
    const rows = finalizeCall(recordedFacts(recording, { captureContent: true }), RECORDING_PRICES);
    const figures = rows.logs.map((log) => ({
      ...log,
      user_text: null,
      agent_text: null,
      sentiment_score: null,
    }));
    assert.deepEqual(figures, without.logs);
    const { sentiment_avg, sentiment_label, user_words_per_minute, agent_words_per_minute } = rows.metrics;
    assert.deepEqual(
      { ...without.metrics, sentiment_avg, sentiment_label, user_words_per_minute, agent_words_per_minute },
      rows.metrics,
    );
  });

  test(`${recording}: words that were planted are scored, and stand with the one who said them`, () => {
    const facts = planted(recording).flatMap((span) => readFact(span, { captureContent: true }) ?? []);
    const { logs, metrics } = finalizeCall(facts, RECORDING_PRICES);
    const asked = logs.filter((log) => log.initiator === 'user');
    assert.ok(asked.length > 0);
    for (const log of asked) {
      assert.match(log.user_text ?? '', /^Thank you, this is Zebulon/);
      assert.ok((log.sentiment_score ?? 0) > 0);
    }
    for (const log of logs.filter(({ initiator }) => initiator === 'agent'))
      assert.equal(log.user_text, null);
    assert.equal(metrics.sentiment_label, 'positive');
  });
}

test('the words of a recorded conversation are in its rows, the reply as far as it was spoken', () => {
  const rowsOf = (recording: string) =>
    finalizeCall(recordedFacts(recording, { captureContent: true }), RECORDING_PRICES).logs.map(words);
  assert.deepEqual(rowsOf('livekit-python').slice(0, 2), [
    [null, 'Luigi, good evening. How can I help?'],
    ['I would like to book a table for two.', 'Of course, with pleasure. At what time?'],
  ]);
  assert.deepEqual(rowsOf('pipecat')[3], [
    'Only the vegetarian dishes please.',
    'We have a mushroom risotto and a grilled aubergine. Both are very good.',
  ]);
  const cutOff = rowsOf('livekit-js')[2]?.[1] ?? '';
  assert.match(cutOff, /^Of course\. Today we have .* All of$/);
});

let spans = 0;
/** A span of a conversation of Pipecat's; times are seconds. */
function pipecat(name: string, [start, end]: readonly [number, number], more: Partial<SpanRecord>): Fact {
  const fact = readFact(
    {
      traceId: 'conversation',
      spanId: `s${++spans}`,
      name,
      startUs: start * 1e6,
      endUs: end * 1e6,
      statusCode: 0,
      attributes: {},
      events: [],
      resource: {},
      scopeName: name === 'turn' ? 'pipecat.turn' : 'pipecat',
      ...more,
    },
    { captureContent: true },
  );
  assert.ok(fact);
  return fact;
}

/** Turns of the user's and the agent's words. */
const talk = (...turns: readonly (readonly [user: string, agent: string])[]) =>
  finalizeCall(
    turns.flatMap(([user, agent], index) => {
      const parentSpanId = `t${index}`;
      const [start, end] = [10 * index, 10 * index + 9];
      return [
        pipecat('turn', [start, end], { spanId: parentSpanId, attributes: { 'turn.number': index + 1 } }),
        pipecat('stt', [start, start + 1], { parentSpanId, attributes: { transcript: user } }),
        pipecat('llm', [start + 1, start + 2], { parentSpanId, attributes: { output: `[wave] ${agent}` } }),
        pipecat('tts', [start + 2, start + 3], { parentSpanId, attributes: { text: agent } }),
      ];
    }),
    RECORDING_PRICES,
  );

test('what was sent to synthesis is what the agent said', () => {
  assert.deepEqual(talk(['Two please', 'At what time?']).logs.map(words), [['Two please', 'At what time?']]);
});

test('a call that is known by its words alone has an outcome by keywords', () => {
  const { metrics } = talk(
    ['A table for two at eight', 'Your table is booked.'],
    ['Thank you, goodbye', 'Goodbye'],
  );
  assert.deepEqual([metrics.outcome, metrics.outcome_source], ['SUCCESS', 'keywords']);
});

test('words in another language than the lexicon have no score', () => {
  const { logs, metrics } = talk(['Die Bedienung war sehr freundlich, ich komme gern wieder', 'Danke']);
  assert.deepEqual([logs[0]?.sentiment_score, metrics.sentiment_avg], [null, null]);
});

test('a turn keeps a bounded part of each speaker', () => {
  const { logs } = talk(['word '.repeat(20_000), 'x'.repeat(100_000)]);
  assert.ok((logs[0]?.user_text?.length ?? 0) <= 8_192);
  assert.equal(logs[0]?.agent_text?.length, 8_192);
});
