import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readFact } from '../../../exporter/dialects/index.ts';
import { finalizeCall } from '../../../exporter/finalize.ts';
import type { Fact } from '../../../model/facts.ts';
import { ATTR } from '../../../model/semconv.ts';
import type { SpanRecord } from '../../../model/span-record.ts';
import { llm, read, span } from '../../support/livekit/spans.ts';
import { RECORDING_PRICES } from '../../support/recorded-rows.ts';

const userTurn = (resource: SpanRecord['resource'], attributes: SpanRecord['attributes']) => {
  const fact = read('user_turn', [0, 2_000], { resource, attributes });
  assert.equal(fact.type, 'turn_part');
  return fact.type === 'turn_part' ? [fact.endOfTurnDelaySeconds, fact.transcriptionDelaySeconds] : [];
};

test('delays are milliseconds from JavaScript and seconds from Python', () => {
  const ms = { 'lk.end_of_turn_delay': 504, 'lk.transcription_delay': 43 };
  assert.deepEqual(userTurn({ 'telemetry.sdk.language': 'nodejs' }, ms), [0.504, 0.043]);
  const s = { 'lk.end_of_turn_delay': 0.504, 'lk.transcription_delay': 0.043 };
  assert.deepEqual(userTurn({ 'telemetry.sdk.language': 'python' }, s), [0.504, 0.043]);
});

test('a delay of a language that is not known has no unit: it is absent', () => {
  const attributes = { 'lk.end_of_turn_delay': 504, 'lk.transcription_delay': 43 };
  for (const resource of [{}, { 'telemetry.sdk.language': 'go' }, { 'telemetry.sdk.language': 7 }]) {
    assert.deepEqual(userTurn(resource, attributes), [undefined, undefined]);
  }
});

test('delays of 0, below 0 and of more than half a minute are unknown', () => {
  const js = { 'telemetry.sdk.language': 'nodejs' };
  for (const value of [0, -1, 60_000, 1_795_451_653_521, Number.NaN, '504']) {
    const attributes = { 'lk.end_of_turn_delay': value, 'lk.transcription_delay': value };
    assert.deepEqual(userTurn(js, attributes), [undefined, undefined]);
  }
});

test('a latency near the epoch is not a latency, nor is none at all', () => {
  for (const latency of [1_795_451_653.2, 0]) {
    const attributes = { 'lk.speech_id': 'a', 'lk.e2e_latency': latency };
    const fact = read('agent_turn', [0, 10], { attributes });
    assert.equal(fact.type === 'turn_part' && fact.reportedEouLatencySeconds, undefined);
  }
});

test('a user turn that was not committed is not a turn', () => {
  assert.equal(read('user_turn', [0, 10]).type, 'other');
});

test('the plugin label in place of a model is none, and names the provider', () => {
  const attributes = {
    'lk.end_of_turn_delay': 1,
    'gen_ai.request.model': 'deepgram.STT',
    'gen_ai.provider.name': 'deepgram.STT',
  };
  const fact = read('user_turn', [0, 10], { attributes });
  assert.ok(fact.type === 'turn_part');
  assert.deepEqual([fact.sttProvider, fact.sttModel], ['deepgram', undefined]);
});

test('a stream that was cut off: usage unknown, cancelled, no error', () => {
  const cutOff = llm({
    'gen_ai.usage.input_tokens': 0,
    'gen_ai.usage.output_tokens': 0,
    'gen_ai.response.finish_reasons': ['error'],
    'gen_ai.response.time_to_first_chunk': 0.2,
  });
  assert.deepEqual(
    [cutOff.usage, cutOff.cancelled, cutOff.errorType, cutOff.firstByteUs],
    [undefined, true, undefined, 200_000],
  );
});

test('a request that gave nothing without being cut off has failed', () => {
  const metrics = JSON.stringify({ durationMs: 1_000, ttftMs: -1, cancelled: false });
  const attributes = {
    'lk.llm_metrics': metrics,
    'gen_ai.usage.input_tokens': 0,
    'gen_ai.usage.output_tokens': 0,
  };
  assert.deepEqual([llm(attributes).errorType, llm(attributes).usage], ['_OTHER', undefined]);
});

test('tokens are counted once, however many names they have', () => {
  const { usage } = llm({
    'gen_ai.usage.input_tokens': 812,
    'gen_ai.usage.input_text_tokens': 812,
    'gen_ai.usage.cache_read.input_tokens': 512,
    'gen_ai.usage.input_cached_tokens': 512,
    'gen_ai.usage.output_tokens': 64,
    'gen_ai.usage.output_text_tokens': 64,
    'gen_ai.usage.reasoning_tokens': 9,
    'gen_ai.usage.reasoning.output_tokens': 9,
  });
  assert.deepEqual(usage, { inputTokens: 812, cachedInputTokens: 512, outputTokens: 64, reasoningTokens: 9 });
});

test("Gemini's thoughts, which only the total of the metrics counts, are output; another's total adds nothing", () => {
  const python = { duration: 0.1, completion_tokens: 100, prompt_tokens: 1_000, total_tokens: 1_350 };
  const js = { durationMs: 100, completionTokens: 100, promptTokens: 1_000, totalTokens: 1_350 };
  for (const metrics of [python, js]) {
    const request = (provider: string, change = {}) =>
      llm({
        'gen_ai.provider.name': provider,
        'gen_ai.usage.input_tokens': 1_000,
        'gen_ai.usage.output_tokens': 100,
        'lk.llm_metrics': JSON.stringify({ ...metrics, ...change }),
      }).usage;
    const thought = { inputTokens: 1_000, outputTokens: 350, reasoningTokens: 250 };
    assert.deepEqual(request('gcp.gemini'), thought);
    assert.deepEqual(request('google'), thought);
    const plain = { inputTokens: 1_000, outputTokens: 100 };
    assert.deepEqual(request('openai', { total_tokens: 1_100, totalTokens: 1_100 }), plain);
    // A stream that was cut off before its usage came.
    assert.deepEqual(request('gcp.gemini', { total_tokens: 0, totalTokens: 0 }), plain);
  }
});

test('a sentinel of -1 is not a first token', () => {
  const js = JSON.stringify({ durationMs: 100, ttftMs: -1 });
  const python = JSON.stringify({ duration: 0.1, ttft: -1 });
  for (const metrics of [js, python]) {
    assert.equal(llm({ 'lk.llm_metrics': metrics, 'gen_ai.usage.input_tokens': 1 }).firstByteUs, undefined);
  }
});

test('metrics of a synthesis: milliseconds with names that say so, seconds without', () => {
  const js = JSON.stringify({ ttfbMs: 120, durationMs: 500, audioDurationMs: 2_200, charactersCount: 36 });
  const python = JSON.stringify({ ttfb: 0.12, duration: 0.5, audio_duration: 2.2, characters_count: 36 });
  for (const metrics of [js, python]) {
    const fact = read('tts_request', [1_000, 2_000], { attributes: { 'lk.tts_metrics': metrics } });
    assert.ok(fact.type === 'stage');
    assert.deepEqual(fact.usage, { characters: 36, audioSeconds: 2.2 });
    assert.equal(fact.firstByteUs, 1_120_000);
  }
});

test('a streamed synthesis starts with its first text, not when it was opened', () => {
  const metrics = JSON.stringify({ ttfbMs: 100, durationMs: 400, timestamp: 1_990, streamed: true });
  const fact = read('tts_request', [1_000, 2_000], { attributes: { 'lk.tts_metrics': metrics } });
  assert.ok(fact.type === 'stage');
  assert.deepEqual([fact.startUs, fact.firstByteUs], [1_590_000, 1_690_000]);
});

test('a synthesis without metrics was cut off, and someone may bill it', () => {
  const attributes = { 'lk.tts.label': 'cartesia.TTS' };
  const fact = read('tts_request', [0, 100], { attributes });
  assert.ok(fact.type === 'stage');
  assert.deepEqual([fact.cancelled, fact.provider, fact.usage], [true, 'cartesia', undefined]);
});

test('the call is the trace, unless every span names it', () => {
  const conversation = { 'gen_ai.conversation.id': 'RM_1' };
  assert.equal(read('agent_session', [0, 10], { attributes: conversation }).callId, 'job');
  assert.equal(read('user_speaking', [0, 10]).callId, 'job');
  assert.equal(read('user_speaking', [0, 10], { attributes: { [ATTR.callId]: 'C1' } }).callId, 'C1');
});

test('of a speech-to-speech model the orphan span has the usage, and is counted once', () => {
  const usage = {
    'gen_ai.usage.input_tokens': 300,
    'gen_ai.usage.text.input_tokens': 50,
    'gen_ai.usage.audio.input_tokens': 250,
    'gen_ai.usage.input_audio_tokens': 250,
    'gen_ai.usage.cache_read.input_tokens': 100,
    'gen_ai.usage.output_tokens': 40,
    'gen_ai.usage.audio.output_tokens': 30,
    'lk.realtime_model_metrics': JSON.stringify({ ttftMs: -1, durationMs: 900, cancelled: true }),
  };
  const inference = span('realtime_inference', [0, 1_000]);
  const orphan = span('realtime_metrics', [1_100, 1_101], {
    parentSpanId: inference.spanId,
    attributes: usage,
  });
  const facts = [inference, orphan].flatMap((each) => readFact(each) ?? []);
  const { metrics } = finalizeCall(facts, RECORDING_PRICES);
  assert.deepEqual(
    [metrics.llm_input_tokens, metrics.llm_cached_tokens, metrics.llm_output_tokens],
    [300, 100, 40],
  );
  const [, read] = facts;
  assert.ok(read?.type === 'stage');
  assert.deepEqual(
    [read.usage?.inputAudioTokens, read.usage?.outputAudioTokens, read.firstByteUs, read.cancelled],
    [250, 30, undefined, true],
  );
  const both = [{ ...inference, attributes: usage }, orphan].flatMap((each) => readFact(each) ?? []);
  assert.equal(finalizeCall(both, RECORDING_PRICES).metrics.llm_input_tokens, 300);
});

test('machine detection and the name of the agent reach the call, and do not end it', () => {
  const details = [
    read('job_entrypoint', [0, 10], { attributes: { 'lk.agent_name': 'front-desk' } }),
    read('answering_machine_detection', [20, 30], { attributes: { 'lk.amd.category': 'machine-vm' } }),
  ];
  assert.ok(details.every(({ type }) => type === 'other'));
  const { metrics } = finalizeCall([...details, read('agent_session', [5, 90])], RECORDING_PRICES);
  assert.deepEqual(
    [metrics.outcome, metrics.agent_name, metrics.started_at, metrics.duration_seconds],
    ['VOICEMAIL', 'front-desk', 5_000, 0.085],
  );
  const python = read('amd', [20, 30], { attributes: { 'lk.amd.category': 'human' } });
  assert.deepEqual(python.type === 'other' && python.call, { amdResult: 'human' });
});

test('what the user said is not read', () => {
  const attributes = { 'lk.end_of_turn_delay': 1, 'lk.pii.user_transcript': 'my card number' };
  assert.ok(!JSON.stringify(read('user_turn', [0, 10], { attributes })).includes('card'));
});

test('metrics that were cut at a length limit are unknown, and not those of a synthesis that was cut off', () => {
  const whole = JSON.stringify({ label: 'cartesia.TTS', ttfbMs: 120, durationMs: 500, charactersCount: 36 });
  const label = { 'lk.tts.label': 'cartesia.TTS' };
  for (const length of [0, 10, 64, whole.length - 1]) {
    const cut = read('tts_request', [0, 1_000], {
      attributes: { ...label, 'lk.tts_metrics': whole.slice(0, length) },
    });
    assert.ok(cut.type === 'stage');
    assert.deepEqual(
      [cut.cancelled, cut.usage, cut.firstByteUs, cut.provider],
      [undefined, undefined, undefined, 'cartesia'],
    );
  }
  const cutOff = read('tts_request', [0, 1_000], { attributes: label });
  assert.ok(cutOff.type === 'stage' && cutOff.cancelled === true);
  const request = llm({
    'lk.llm_metrics': '{"label":"openai',
    'gen_ai.usage.input_tokens': 9,
    'gen_ai.usage.output_tokens': 3,
  });
  assert.deepEqual(
    [request.cancelled, request.errorType, request.usage],
    [undefined, undefined, { inputTokens: 9, outputTokens: 3 }],
  );
});

test('a synthesis whose metrics are missing or cut is of the model that its own attributes name', () => {
  const attributes = {
    'lk.tts.label': 'livekit.agents.inference.tts.TTS',
    'gen_ai.provider.name': 'livekit',
    'gen_ai.request.model': 'cartesia/sonic-3',
  };
  for (const metrics of [undefined, '{"type":"tts_metr']) {
    const fact = read('tts_request', [0, 1_000], {
      attributes: { ...attributes, 'lk.tts_metrics': metrics },
    });
    assert.deepEqual(fact.type === 'stage' && [fact.provider, fact.model], ['livekit', 'cartesia/sonic-3']);
  }
});

test('what cut a reply off: the user, or the program', () => {
  const by = (source: unknown) => {
    const fact = read('agent_turn', [0, 10], {
      attributes: { 'lk.interrupted': true, 'lk.interruption.source': source },
    });
    return fact.type === 'turn_part' ? fact.interruptedBy : undefined;
  };
  assert.deepEqual(['audio_activity', 'user_turn', 'programmatic', undefined, 7].map(by), [
    'user',
    'user',
    'program',
    undefined,
    undefined,
  ]);
});

test("the user's voice and the way the session ended are read", () => {
  const speech = read('user_speaking', [0, 10], { attributes: { 'lk.is_interruption': 'false' } });
  assert.ok(speech.type === 'turn_part' && speech.part === 'speech' && speech.backchannel === true);
  const { metrics } = finalizeCall(
    [
      read('session_close', [80, 90], { attributes: { 'lk.close_reason': 'participant_disconnected' } }),
      read('agent_session', [5, 90]),
    ],
    RECORDING_PRICES,
  );
  assert.equal(metrics.end_reason, 'participant_disconnected');
});

test('the turn is committed where the wait ends, not where the hook after it lets the span end', () => {
  const resource = { 'telemetry.sdk.language': 'python' };
  const delays = { 'lk.end_of_turn_delay': 0.6, 'lk.transcription_delay': 0.2 };
  const wait = (outcome: string, times: readonly [number, number]) =>
    read('eou_wait', times, { parentSpanId: 'user', attributes: { 'lk.eou.outcome': outcome } });
  const facts = [
    read('user_turn', [0, 3_000], { spanId: 'user', resource, attributes: delays }),
    wait('user_resumed', [800, 1_000]),
    wait('committed', [1_400, 2_000]),
    read('agent_turn', [3_000, 5_000], {
      spanId: 'agent',
      attributes: { 'lk.speech_id': 'a', 'lk.e2e_latency': 2.1 },
    }),
    read('agent_speaking', [3_500, 5_000], { parentSpanId: 'agent' }),
  ];
  const [row] = finalizeCall(facts, RECORDING_PRICES).logs;
  assert.deepEqual([row?.eou_latency, row?.segment_endpointing], [2.1, 0.6]);
  // Without a figure the delay is counted back from the commit.
  const unmeasured = facts.map((fact): Fact => {
    if (fact.type !== 'turn_part') return fact;
    const { reportedEouLatencySeconds: _, ...rest } = fact;
    return rest;
  });
  assert.equal(finalizeCall(unmeasured, RECORDING_PRICES).logs[0]?.eou_latency, 2.1);
});

test('a wait that ended without a commit makes no turn', () => {
  for (const outcome of ['user_resumed', 'dropped', undefined]) {
    const attributes = { 'lk.eou.outcome': outcome };
    assert.equal(read('eou_wait', [0, 10], { attributes }).type, 'other');
  }
});

test("the provider's ids of a request are on its fact, a bounded number of them", () => {
  const idsOf = (value: unknown) =>
    read('tts_request_run', [0, 10], { attributes: { 'lk.provider_request_ids': value } }).requestIds;
  assert.deepEqual(idsOf(['req_1', '', 7, 'req_2', 'x'.repeat(600)]), ['req_1', 'req_2']);
  assert.equal(idsOf(Array.from({ length: 1_000 }, (_, index) => `r${index}`))?.length, 32);
  for (const nothing of [undefined, 'req_1', [], ['']]) assert.equal(idsOf(nothing), undefined);
});

test('what the turn detector said last before the commit is the turn’s, the delay in its language’s unit', () => {
  const detect = (ms: number, probability: number, delay: number, language = 'nodejs') =>
    read('eou_detection', [ms, ms + 5], {
      resource: { 'telemetry.sdk.language': language },
      attributes: {
        'lk.eou.probability': probability,
        'lk.eou.unlikely_threshold': 0.15,
        'lk.eou.endpointing_delay': delay,
      },
    });
  const user = read('user_turn', [1_000, 4_000], { attributes: { 'lk.end_of_turn_delay': 500 } });
  const figures = (...facts: Fact[]) => {
    const [log] = finalizeCall([user, ...facts], RECORDING_PRICES).logs;
    return [log?.eou_probability, log?.eou_threshold, log?.endpointing_delay];
  };
  assert.deepEqual(figures(detect(2_000, 0.02, 3_000), detect(3_400, 0.9, 500)), [0.9, 0.15, 0.5]);
  assert.deepEqual(figures(detect(3_400, 0.9, 0.5, 'python')), [0.9, 0.15, 0.5]);
  assert.deepEqual(figures(detect(500, 0.9, 500), detect(4_500, 0.9, 500)), [null, null, null]);
  const odd = read('eou_detection', [2_000, 2_005], { attributes: { 'lk.eou.probability': 7 } });
  assert.equal(odd.type, 'other');
});

test('a call knows its room and its trunk, where LiveKit names them', () => {
  const rowOf = (attributes: SpanRecord['attributes'], name = 'agent_session') => {
    const session = read('agent_session', [0, 9_000], name === 'agent_session' ? { attributes } : {});
    const job = read('job_entrypoint', [0, 100], name === 'job_entrypoint' ? { attributes } : {});
    const { metrics } = finalizeCall([session, job], RECORDING_PRICES);
    const { room_id, channel, direction, sip_call_id, sip_trunk_id } = metrics;
    return [room_id, channel, direction, sip_call_id, sip_trunk_id];
  };
  const sip = { 'lk.sip.callID': 'SCL_1', 'lk.sip.trunkID': 'ST_1' };
  assert.deepEqual(rowOf({ room_id: 'RM_1' }), ['RM_1', null, null, null, null]);
  assert.deepEqual(rowOf({ 'lk.room_sid': 'RM_1' }, 'job_entrypoint'), ['RM_1', null, null, null, null]);
  assert.deepEqual(rowOf(sip), [null, 'phone', 'outbound', 'SCL_1', 'ST_1']);
  const inbound = { ...sip, 'lk.sip.ruleID': 'SDR_1', room_id: 'RM_1' };
  assert.deepEqual(rowOf(inbound), ['RM_1', 'phone', 'inbound', 'SCL_1', 'ST_1']);
});
