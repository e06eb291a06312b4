import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readFact } from '../../../exporter/dialects/index.ts';
import { finalizeCall } from '../../../exporter/finalize.ts';
import type { Fact } from '../../../model/facts.ts';
import type { SpanRecord } from '../../../model/span-record.ts';
import { RECORDING_PRICES } from '../../support/recorded-rows.ts';

/** A span of Pipecat's; times are seconds. */
const read = (
  name: string,
  spanId: string,
  attributes: SpanRecord['attributes'],
  start = 0,
  end = 1,
): Fact => {
  const fact = readFact({
    traceId: 'conversation',
    spanId,
    name,
    startUs: start * 1e6,
    endUs: end * 1e6,
    statusCode: 0,
    attributes,
    events: [],
    resource: {},
    scopeName: name === 'turn' ? 'pipecat.turn' : 'pipecat',
  });
  assert.ok(fact);
  return fact;
};

const turn = (number: number, more: SpanRecord['attributes'] = {}, start = number, end = number + 1) =>
  read('turn', `t${number}`, { 'turn.number': number, ...more }, start, end);

const interrupted = (...facts: Fact[]) =>
  finalizeCall(facts, RECORDING_PRICES).logs.map((log) => log.interrupted);

test('a turn that was cut off and is followed by another was interrupted', () => {
  assert.deepEqual(interrupted(turn(1, { 'turn.was_interrupted': true }), turn(2)), [true, false]);
});

test('a hang-up is not an interruption, whether the conversation says so or only ends', () => {
  const flagged = { 'turn.was_interrupted': true, 'turn.ended_by_conversation_end': true };
  assert.deepEqual(interrupted(turn(1, flagged)), [false]);
  assert.deepEqual(interrupted(turn(1, flagged), turn(2)), [false, false]);
  assert.deepEqual(interrupted(turn(1), turn(2, { 'turn.was_interrupted': true })), [false, false]);
});

test('numbers start at 1, and a turn without a number is a span that no one knows', () => {
  const first = turn(1);
  assert.equal(first.type === 'turn' && first.turnIndex, 0);
  for (const number of [0, -1, 0.5, Number.NaN]) assert.equal(turn(number).type, 'other');
});

test('the silence is counted back from the first audio', () => {
  const facts = [
    turn(1, {}, 0, 3),
    turn(2, { 'turn.user_bot_latency_seconds': 1.25 }, 4, 9),
    { ...read('tts', 'tts', { 'metrics.ttfb': 0.2 }, 6, 8), parentSpanId: 't2' },
  ];
  const [opening, answer] = finalizeCall(facts, RECORDING_PRICES).logs;
  assert.deepEqual([opening?.initiator, opening?.eou_latency], ['agent', null]);
  assert.deepEqual(
    [answer?.initiator, answer?.eou_latency, answer?.eou_source, answer?.segment_tts],
    ['user', 1.25, 'framework', 0.2],
  );
});

test('a latency that nothing places is still the latency', () => {
  const [row] = finalizeCall([turn(3, { 'turn.user_bot_latency_seconds': 0.9 })], RECORDING_PRICES).logs;
  assert.deepEqual([row?.eou_latency, row?.segment_playout], [0.9, 0.9]);
});

test('a latency of minutes, or of no time at all, is an error of measurement', () => {
  for (const latency of [200, 0]) {
    const fact = turn(2, { 'turn.user_bot_latency_seconds': latency });
    assert.equal(fact.type === 'turn' && fact.reportedEouLatencySeconds, undefined);
  }
});

test("Deepgram's nova-3 is of several languages where it was told to listen for them", () => {
  const model = (name: string, language: string) => {
    const fact = read('stt', 's', {
      'gen_ai.provider.name': 'deepgram',
      'gen_ai.request.model': name,
      'settings.language': language,
      language: 'en',
    });
    return fact.type === 'stage' && fact.model;
  };
  assert.equal(model('nova-3-general', 'multi'), 'nova-3-multilingual');
  assert.equal(model('nova-3', 'multi'), 'nova-3-multilingual');
  assert.equal(model('nova-3-general', 'de'), 'nova-3-general');
  assert.equal(model('nova-2-general', 'multi'), 'nova-2-general');
});

test("Anthropic's cached tokens are counted apart, OpenAI's are not", () => {
  const usage = {
    'gen_ai.usage.input_tokens': 120,
    'gen_ai.usage.cache_read.input_tokens': 100,
    'gen_ai.usage.cache_creation.input_tokens': 8,
    'gen_ai.usage.output_tokens': 12,
  };
  const inputOf = (provider: string) => {
    const fact = read('llm', 'l', { ...usage, 'gen_ai.provider.name': provider });
    return fact.type === 'stage' ? fact.usage?.inputTokens : undefined;
  };
  assert.deepEqual([inputOf('anthropic'), inputOf('aws.bedrock'), inputOf('openai')], [228, 228, 120]);
});

test("a transcription's ttfb is not a first byte; its audio is usage", () => {
  const fact = read('stt', 's', { 'metrics.ttfb': 0.35, 'metrics.audio_seconds': 4.2 });
  assert.ok(fact.type === 'stage');
  assert.deepEqual([fact.firstByteUs, fact.usage], [undefined, { audioSeconds: 4.2 }]);
});

const rowsOf = (...facts: Fact[]) => finalizeCall(facts, RECORDING_PRICES);
const under = (spanId: string, fact: Fact): Fact => ({ ...fact, parentSpanId: spanId });
const CURRENT = { 'gen_ai.provider.name': 'deepgram', 'metrics.ttfb': 0.3 };

test("a turn's start is never the end of speech: the transcription tells it, or nothing does", () => {
  const latencyOf = (turnMore: SpanRecord['attributes'], stt: SpanRecord['attributes'] | undefined) =>
    rowsOf(
      turn(2, turnMore, 10, 24),
      ...(stt === undefined ? [] : [under('t2', read('stt', 's', stt, 10, 17.5))]),
      under('t2', read('tts', 'v', { 'metrics.ttfb': 0.2 }, 18.4, 20)),
    ).logs[0]?.eou_latency;
  assert.equal(latencyOf({}, CURRENT), 1.4);
  // A figure out of range is none; neither is one of the transcription.
  assert.equal(latencyOf({ 'turn.user_bot_latency_seconds': 200 }, CURRENT), 1.4);
  assert.equal(latencyOf({ 'turn.user_bot_latency_seconds': -1 }, undefined), null);
  for (const ttfb of [200, -1, 9, 'soon'])
    assert.equal(latencyOf({}, { ...CURRENT, 'metrics.ttfb': ttfb }), null, `${ttfb}`);
  assert.equal(latencyOf({}, { ...CURRENT, 'stt.incomplete': true }), null);
  // Older versions measure from where the speech began.
  assert.equal(latencyOf({}, { 'gen_ai.system': 'deepgram', 'metrics.ttfb': 0.3 }), null);
  assert.equal(latencyOf({}, undefined), null);
});

test('who speaks first in the first turn has opened it', () => {
  const opener = (sttStart: number) =>
    rowsOf(
      turn(1, {}, 0, 9),
      under('t1', read('stt', 's', CURRENT, sttStart, sttStart + 1)),
      under('t1', read('tts', 'v', { 'metrics.ttfb': 0.2 }, 3, 5)),
    ).logs[0]?.initiator;
  assert.deepEqual([opener(1), opener(4)], ['user', 'agent']);
});

test('what a request that was cut off reports as its first token is the time to the cut', () => {
  const firstByteOf = (attributes: SpanRecord['attributes']) => {
    const fact = read('llm', 'l', { 'metrics.ttfb': 0.104, ...attributes }, 0, 0.12);
    return fact.type === 'stage' ? fact.firstByteUs : undefined;
  };
  assert.equal(firstByteOf({}), undefined);
  assert.equal(firstByteOf({ output: 'Yes.' }), 104_000);
  assert.equal(firstByteOf({ 'gen_ai.usage.input_tokens': 9, 'gen_ai.usage.output_tokens': 3 }), 104_000);
});

test('so it is with a synthesis; one that had begun keeps its figure', () => {
  const firstByteOf = (ttfb: number) => {
    const fact = read('tts', 'v', { 'metrics.ttfb': ttfb, 'tts.interrupted': true }, 0, 2);
    return fact.type === 'stage' ? fact.firstByteUs : undefined;
  };
  assert.deepEqual([firstByteOf(1.985), firstByteOf(0.2)], [undefined, 200_000]);
});

test('only what was heard can be interrupted, whichever stage was cut', () => {
  const cut = { 'turn.was_interrupted': true };
  const interruptedWith = (...stages: Fact[]) =>
    rowsOf(turn(1), turn(2, cut), ...stages, turn(3)).logs.map((row) => row.interrupted)[1];
  assert.equal(
    interruptedWith(under('t2', read('tts', 'v', { 'tts.interrupted': true, 'metrics.ttfb': 0.98 }, 2, 3))),
    false,
  );
  assert.equal(interruptedWith(under('t2', read('tts', 'v', { 'tts.interrupted': true }, 2, 3))), false);
  assert.equal(
    interruptedWith(under('t2', read('tts', 'v', { 'tts.interrupted': true, 'metrics.ttfb': 0.2 }, 2, 3))),
    true,
  );
  assert.equal(interruptedWith(under('t2', read('tts', 'v', {}, 2, 3))), true);
  const latency = { ...cut, 'turn.user_bot_latency_seconds': 0.9 };
  assert.equal(rowsOf(turn(1), turn(2, latency), turn(3)).logs[1]?.interrupted, true);
});

test('a service is of its provider, whichever way it is reached', () => {
  const provider = (name: string) => {
    const fact = read('tts', 'v', { 'gen_ai.provider.name': name });
    return fact.type === 'stage' ? fact.provider : undefined;
  };
  const ways: Record<string, readonly string[]> = {
    deepgram: ['deepgram', 'deepgramflux', 'deepgramhttp', 'deepgramsagemaker', 'deepgramfluxsagemaker'],
    cartesia: ['cartesia', 'cartesiahttp', 'cartesiaturns'],
    elevenlabs: ['elevenlabs', 'elevenlabshttp', 'elevenlabsrealtime', 'elevenlabsdialogue'],
    openai: ['openai', 'openairealtime', 'openairesponses', 'openairesponseshttp', 'openailive'],
    assemblyai: ['assemblyai', 'assemblyaisync'],
    'gcp.gemini': ['gcp.gemini', 'geminilive', 'google', 'googlehttp'],
    x_ai: ['x_ai', 'grok', 'grokrealtime', 'xai', 'xaihttp'],
    'aws.bedrock': ['aws.bedrock', 'awsnovasonic'],
    'aws.polly': ['awspolly'],
    inworld: ['inworld', 'inworldhttp', 'inworldrealtime'],
    rime: ['rime', 'rimehttp', 'rimenonjson', 'rimev1'],
    perplexity: ['perplexity', 'perplexityagenthttp'],
  };
  for (const [expected, names] of Object.entries(ways)) {
    for (const name of names) assert.equal(provider(name), expected, name);
  }
  // A name that is nothing but a way is a name.
  assert.equal(provider('agent'), 'agent');
});

/** As the observer of the guide tells it, below the span of a turn. */
const told = (
  name: string,
  spanId: string,
  of: string,
  attributes: SpanRecord['attributes'],
  start: number,
  end: number,
) => ({
  ...read(name, spanId, attributes, start, end),
  parentSpanId: of,
});

test('a turn that Pipecat did not measure is answered from where the voice detector heard silence', () => {
  const facts = [
    turn(1, {}, 0, 2),
    turn(2, {}, 4, 9),
    told('speech', 's1', 't2', { 'speech.kind': 'user_speech_stopped' }, 4, 5),
    told('speech', 's2', 't2', { 'speech.kind': 'user_turn_stopped' }, 4.2, 5.6),
    told('speech', 's3', 't2', { 'speech.kind': 'bot_speech_stopped' }, 6.5, 8),
    // Over the answer: these words are none that were waited for.
    told('speech', 's4', 't2', { 'speech.kind': 'user_speech_stopped' }, 7, 7.5),
    told('speech', 's5', 't2', { 'speech.kind': 'user_turn_started' }, 4.2, 4.2),
  ];
  const log = finalizeCall(facts, RECORDING_PRICES).logs[1];
  assert.deepEqual(
    [log?.eou_source, log?.eou_latency, log?.segment_endpointing, log?.playback_source],
    ['vad', 1.5, 0.6, 'observed'],
  );
  assert.equal(log?.user_speech_seconds, 1);
});

test('a synthesis without a first byte has that of the latency that the observer tells', () => {
  const facts = (more: Fact[]) => [
    turn(1, {}, 0, 2),
    turn(2, { 'turn.user_bot_latency_seconds': 2 }, 4, 9),
    told('llm', 'llm', 't2', { 'metrics.ttfb': 0.4 }, 5.5, 6),
    told('tts', 'tts', 't2', {}, 6.2, 6.4),
    told('speech', 's3', 't2', { 'speech.kind': 'bot_speech_stopped' }, 6.9, 8),
    ...more,
  ];
  const segments = (more: Fact[]) => {
    const log = finalizeCall(facts(more), RECORDING_PRICES).logs[1];
    return [log?.segment_tts, log?.ttfb_tts, log?.segment_playout];
  };
  assert.equal(segments([])[1], null);
  const latency = (key: string) => told('latency', key, 't2', { 'latency.key': key }, 6.19, 6.5);
  assert.equal(segments([latency('output_transport')])[1], null);
  const [tts, ttfb, playout] = segments([latency('speech_synthesis')]);
  assert.ok(tts && ttfb && playout && Math.abs(tts - 0.3) < 1e-6 && Math.abs(playout - 0.4) < 1e-6);
});
