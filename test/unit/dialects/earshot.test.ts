import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readFact } from '../../../exporter/dialects/index.ts';
import { ATTR, EVENT, llmSpanName, SPAN } from '../../../model/semconv.ts';
import type { SpanRecord } from '../../../model/span-record.ts';

const span = (more: Partial<SpanRecord>): SpanRecord => ({
  traceId: 't',
  spanId: 's',
  name: 'anything',
  startUs: 1_000_000,
  endUs: 3_000_000,
  statusCode: 0,
  attributes: {},
  events: [],
  resource: { [ATTR.serviceName]: 'phone-agent' },
  ...more,
});

const base = (name: string) => ({
  traceId: 't',
  spanId: 's',
  callId: 'C1',
  name,
  startUs: 1_000_000,
  endUs: 3_000_000,
  serviceName: 'phone-agent',
});

test('the call span gives what is known of the call', () => {
  const attributes = {
    [ATTR.callId]: 'C1',
    [ATTR.callDirection]: 'inbound',
    [ATTR.callChannel]: 'phone',
    [ATTR.transport]: 'twilio',
    [ATTR.campaignId]: 'spring',
    [ATTR.agentName]: 'front-desk',
    [ATTR.endReason]: 'hangup',
    [ATTR.outcome]: 'SUCCESS',
    [ATTR.outcomeConfidence]: 0.9,
    [ATTR.outcomeSource]: 'explicit',
    [ATTR.sipStatusCode]: 200,
    [ATTR.amdResult]: 'human',
  };
  assert.deepEqual(readFact(span({ name: SPAN.call, attributes })), {
    ...base(SPAN.call),
    type: 'call',
    direction: 'inbound',
    channel: 'phone',
    transport: 'twilio',
    campaignId: 'spring',
    agentName: 'front-desk',
    endReason: 'hangup',
    outcome: 'SUCCESS',
    outcomeConfidence: 0.9,
    outcomeSource: 'explicit',
    sipStatusCode: 200,
    amdResult: 'human',
  });
});

test('a call has the version and the environment of its program, in the name of either convention', () => {
  const service = { [ATTR.serviceVersion]: '2.4.1' };
  for (const name of [ATTR.deploymentEnvironment, 'deployment.environment']) {
    const fact = readFact(
      span({
        name: SPAN.call,
        attributes: { [ATTR.callId]: 'C1' },
        resource: { ...service, [name]: 'staging' },
      }),
    );
    assert.deepEqual([fact?.serviceVersion, fact?.deploymentEnvironment], ['2.4.1', 'staging']);
  }
});

test('tags are of the call and of the resource; those without number or form are left out and counted', () => {
  const limited: number[] = [];
  const options = { captureContent: false, limited: (attributes: number) => void limited.push(attributes) };
  const attributes: Record<string, unknown> = { [ATTR.callId]: 'C1', [ATTR.customerId]: 'cus_8812' };
  for (let index = 0; index < 40; index += 1) attributes[`${ATTR.tag}.t${index}`] = index;
  const resource = { [`${ATTR.tag}.region`]: 'eu', [`${ATTR.tag}.bad name`]: 'x' };
  const fact = readFact(span({ name: SPAN.call, attributes, resource }), options);
  assert.ok(fact?.type === 'call');
  assert.equal(fact.customerId, 'cus_8812');
  assert.deepEqual(fact.resourceTags, { region: 'eu' });
  assert.equal(Object.keys(fact.tags ?? {}).length, 32);
  assert.equal(fact.tags?.t31, '31');
  assert.deepEqual(limited, [8 + 1]);
});

test('a stage that names its turn repeats nothing of the resource', () => {
  const resource = { [ATTR.serviceVersion]: '2', [`${ATTR.tag}.region`]: 'eu' };
  const attributes = { [ATTR.callId]: 'C1', [ATTR.stage]: 'llm' };
  const numbered = readFact(span({ attributes: { ...attributes, [ATTR.turnIndex]: 0 }, resource }));
  assert.equal(numbered?.resourceTags ?? numbered?.serviceVersion, undefined);
  assert.deepEqual(readFact(span({ attributes, resource }))?.resourceTags, { region: 'eu' });
});

test('the turn span gives the marks of the utterance that was answered', () => {
  const events = [
    { name: EVENT.userSpeechStarted, timeUs: 1_100_000 },
    { name: EVENT.userSpeechEnded, timeUs: 1_400_000 },
    { name: EVENT.userSpeechStarted, timeUs: 1_500_000 },
    { name: EVENT.userSpeechEnded, timeUs: 1_800_000 },
    { name: EVENT.turnCommitted, timeUs: 1_450_000 },
    { name: EVENT.turnCommitted, timeUs: 2_000_000 },
    {
      name: EVENT.interruption,
      timeUs: 2_500_000,
      attributes: { [ATTR.interruptionKind]: 'barge_in', [ATTR.interruptionTimeToSilence]: 0.24 },
    },
    // Speech over the answer: its end is no end of the answered utterance.
    { name: EVENT.userSpeechEnded, timeUs: 2_900_000 },
  ];
  const attributes = {
    [ATTR.callId]: 'C1',
    [ATTR.turnIndex]: 2,
    [ATTR.turnInitiator]: 'user',
    [ATTR.turnInterrupted]: true,
    [ATTR.eouSource]: 'vad',
    [ATTR.eouLatency]: 0.6,
    [ATTR.sentimentScore]: -0.25,
    [ATTR.userText]: 'Stop',
    [ATTR.agentText]: 'Sorry',
  };
  assert.deepEqual(readFact(span({ name: SPAN.turn, attributes, events })), {
    ...base(SPAN.turn),
    type: 'turn',
    turnIndex: 2,
    initiator: 'user',
    speechStartedUs: 1_100_000,
    speechEndedUs: 1_800_000,
    committedUs: 2_000_000,
    utterances: [
      { startedUs: 1_100_000, endedUs: 1_400_000, committedUs: 1_450_000 },
      { startedUs: 1_500_000, endedUs: 1_800_000, committedUs: 2_000_000 },
    ],
    eouSource: 'vad',
    reportedEouLatencySeconds: 0.6,
    interrupted: true,
    interruptions: [{ kind: 'barge_in', atUs: 2_500_000, timeToSilenceSeconds: 0.24 }],
    sentimentScore: -0.25,
    userText: 'Stop',
    agentText: 'Sorry',
  });
});

test('a stage span is known by its attribute, whatever its name', () => {
  const attributes = {
    [ATTR.callId]: 'C1',
    [ATTR.turnIndex]: 0,
    [ATTR.stage]: 'llm',
    [ATTR.providerName]: 'groq',
    [ATTR.requestModel]: 'llama-3.1-8b-instant',
    [ATTR.responseModel]: 'llama-3.1-8b-instant-2024',
    [ATTR.inputTokens]: 812,
    [ATTR.cachedInputTokens]: 512,
    [ATTR.outputTokens]: 64,
    [ATTR.reasoningTokens]: 0,
    [ATTR.usageEstimated]: true,
    [ATTR.finishReasons]: ['stop'],
  };
  const name = llmSpanName('llama-3.1-8b-instant');
  const events = [{ name: EVENT.firstByte, timeUs: 1_200_000 }];
  assert.deepEqual(readFact(span({ name, attributes, events, parentSpanId: 'p' })), {
    ...base(name),
    parentSpanId: 'p',
    type: 'stage',
    stage: 'llm',
    turnIndex: 0,
    provider: 'groq',
    model: 'llama-3.1-8b-instant',
    firstByteUs: 1_200_000,
    usage: {
      inputTokens: 812,
      cachedInputTokens: 512,
      outputTokens: 64,
      reasoningTokens: 0,
      estimated: true,
    },
    finishReasons: ['stop'],
  });
});

test('the first byte comes from the attribute where the events were dropped on the way', () => {
  const attributes = { [ATTR.callId]: 'C1', [ATTR.stage]: 'tts', [ATTR.ttfb]: 0.187 };
  const fact = readFact(span({ attributes }));
  assert.equal(fact?.type === 'stage' && fact.firstByteUs, 1_187_000);
});

test('an interrupted playback is cancelled; a cancelled stage has not failed', () => {
  const playback = { [ATTR.callId]: 'C1', [ATTR.stage]: 'playback', [ATTR.playbackInterrupted]: true };
  const stopped = readFact(span({ attributes: playback }));
  assert.equal(stopped?.type === 'stage' && stopped.cancelled, true);

  const aborted = { [ATTR.callId]: 'C1', [ATTR.stage]: 'llm', [ATTR.stageCancelled]: true };
  assert.equal(readFact(span({ attributes: aborted, statusCode: 2 }))?.errorType, undefined);
  const failed = { ...aborted, [ATTR.stageCancelled]: false, [ATTR.errorType]: 'RateLimitError' };
  assert.equal(readFact(span({ attributes: failed, statusCode: 2 }))?.errorType, 'RateLimitError');
  assert.equal(
    readFact(span({ attributes: { ...failed, [ATTR.errorType]: 7 }, statusCode: 2 }))?.errorType,
    '_OTHER',
  );
});

test('the response span repeats what other spans say: no fact', () => {
  assert.equal(readFact(span({ name: SPAN.response, attributes: { [ATTR.callId]: 'C1' } })), undefined);
});

test('a span of a call that no one knows is kept as it is; a span of no call is not', () => {
  const attributes = { [ATTR.callId]: 'C1', [ATTR.turnIndex]: 4 };
  assert.deepEqual(readFact(span({ attributes })), { ...base('anything'), type: 'other', turnIndex: 4 });
  assert.deepEqual(readFact(span({ attributes: { [ATTR.conversationId]: 'C1' } })), {
    ...base('anything'),
    type: 'other',
  });
  assert.equal(readFact(span({ attributes: { [ATTR.stage]: 'llm' } })), undefined);
});

test('values of the wrong type or out of range are absent', () => {
  const attributes = {
    [ATTR.callId]: 'C1',
    [ATTR.stage]: 'llm',
    [ATTR.turnIndex]: -1,
    [ATTR.providerName]: '',
    [ATTR.requestModel]: ['llama'],
    [ATTR.inputTokens]: Number.NaN,
    [ATTR.outputTokens]: -5,
    [ATTR.cachedInputTokens]: '12',
    [ATTR.usageCharacters]: 1.5,
    [ATTR.usageAudioSeconds]: Number.POSITIVE_INFINITY,
    [ATTR.usageEstimated]: true,
    [ATTR.finishReasons]: 'stop',
    [ATTR.stageCancelled]: 'yes',
    [ATTR.ttfb]: -0.1,
    [ATTR.playbackSource]: 'heard',
  };
  assert.deepEqual(readFact(span({ attributes })), { ...base('anything'), type: 'stage', stage: 'llm' });
});

test('a turn without a usable number is a span that no one knows', () => {
  for (const turnIndex of [undefined, '0', 0.5, -1, Number.NaN, 2 ** 31]) {
    const attributes = { [ATTR.callId]: 'C1', [ATTR.turnIndex]: turnIndex };
    assert.deepEqual(readFact(span({ name: SPAN.turn, attributes })), { ...base(SPAN.turn), type: 'other' });
  }
});

test('text that PostgreSQL cannot store is made storable', () => {
  const attributes = {
    [ATTR.callId]: 'C\0 1',
    [ATTR.turnIndex]: 0,
    [ATTR.userText]: 'half a pair \ud83d and a whole one \u{1f600}',
  };
  const fact = readFact(span({ name: SPAN.turn, attributes }));
  assert.equal(fact?.callId, 'C 1');
  assert.equal(fact?.type === 'turn' && fact.userText, 'half a pair \ufffd and a whole one \u{1f600}');
});

test('nonsense never throws, and every fact survives JSON', () => {
  const nonsense = fc.oneof(
    fc.anything(),
    fc.constantFrom('stt', 'llm', 'tts', 'playback', 'tool'),
    fc.double(),
  );
  const names = Object.values(ATTR);
  const record = fc.record({
    name: fc.oneof(fc.constantFrom(...Object.values(SPAN)), fc.string()),
    callId: fc.oneof(fc.constant('C1'), nonsense),
    attributes: fc.dictionary(fc.constantFrom(...names), nonsense),
    events: fc.array(
      fc.record({
        name: fc.constantFrom(...Object.values(EVENT)),
        timeUs: fc.oneof(fc.integer(), fc.constant(Number.NaN)),
        attributes: fc.dictionary(fc.constantFrom(...names), nonsense),
      }),
    ),
    statusCode: fc.integer(),
  });
  fc.assert(
    fc.property(record, ({ callId, attributes, ...rest }) => {
      const fact = readFact(span({ ...rest, attributes: { ...attributes, [ATTR.callId]: callId } }));
      if (fact === undefined) return;
      assert.deepEqual(JSON.parse(JSON.stringify(fact)), fact);
      assert.ok(fact.callId !== '' && typeof fact.callId === 'string');
      assert.ok(Object.values(fact).every((value) => value !== undefined && !Number.isNaN(value)));
    }),
  );
});
