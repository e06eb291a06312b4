import assert from 'node:assert/strict';
import { before, beforeEach, test } from 'node:test';
import { context, trace } from '@opentelemetry/api';
import fc from 'fast-check';
import { groupCall } from '../../../exporter/calls/group.ts';
import { openCallCount } from '../../../instrumentation/call/call.ts';
import { openStage } from '../../../instrumentation/call/open-stage.ts';
import { openRecordedSpeech } from '../../../instrumentation/call/recorded-speech.ts';
import {
  type Call,
  currentCall,
  currentTurn,
  type Stage,
  setCaptureContent,
  startCall,
  type Turn,
  withCall,
} from '../../../instrumentation/index.ts';
import type { TurnFact } from '../../../model/facts.ts';
import { ATTR } from '../../../model/semconv.ts';
import { recordDiagnostics } from '../../support/diagnostics.ts';
import { callsOf } from '../../support/facts.ts';
import { nonsense } from '../../support/nonsense.ts';
import { recordSpans, takeFacts, takeSpans } from '../../support/spans.ts';

before(recordSpans);
beforeEach(() => void takeSpans());

/** Every method of the public types. */
const CALL = [
  'startTurn',
  'describe',
  'tag',
  'attach',
  'setOutcome',
  'setTelephonyState',
  'end',
  'run',
] as const;
const TURN = [
  'userSpeechStarted',
  'userSpeechEnded',
  'committed',
  'interruption',
  'addUserText',
  'addAgentText',
  'startStt',
  'startLlm',
  'startTool',
  'startTts',
  'startPlayback',
  'startStage',
  'end',
] as const;
const STAGE = ['firstByte', 'end', 'cancel', 'fail', 'setAttribute'] as const;
const on = <T extends string>(target: T, methods: readonly string[]) =>
  fc.record({ target: fc.constant(target), method: fc.constantFrom(...methods), argument: nonsense });
// The end of the call last, as it is rare: most of what is tried is tried on a call that goes on.
const step = fc.oneof(on('turn', TURN), on('stage', STAGE), on('call', CALL.slice(0, -2)), on('call', CALL));

test('no order of calls and no argument makes the public API throw, leak a call or invent a number', () => {
  fc.assert(
    fc.property(nonsense, fc.array(step, { maxLength: 60 }), (start, steps) => {
      const open = openCallCount();
      const call = startCall(start as never);
      const handles: { call: Call; turn: Turn; stage: Stage } = {
        call,
        turn: call.startTurn(),
        stage: call.startTurn().startStage('nonsense' as never),
      };
      for (const { target, method, argument } of steps) {
        const handle = handles[target] as unknown as Record<string, (a: unknown) => unknown>;
        const given = handle[method]?.call(handle, argument);
        if (method === 'startTurn') handles.turn = given as Turn;
        else if (method.startsWith('start')) handles.stage = given as Stage;
        assert.equal(typeof handles.turn.ended, 'boolean');
        assert.equal(typeof handles.stage.ended, 'boolean');
      }
      call.end();
      call.end();
      assert.equal(openCallCount(), open);
      const facts = takeFacts();
      assert.ok(
        facts.some(({ type }) => type === 'call'),
        'the call span ends',
      );
      for (const fact of facts) {
        assert.ok(fact.endUs >= fact.startUs);
        if (fact.type !== 'stage') continue;
        for (const value of Object.values(fact.usage ?? {}))
          assert.ok(value === true || (typeof value === 'number' && value >= 0));
      }
    }),
    { numRuns: 300 },
  );
});

test('a stage of no known kind is a handle that records nothing', () => {
  const call = startCall();
  const stage = call.startTurn().startStage('nonsense' as never);
  stage.firstByte();
  stage.setAttribute('name', 'value');
  stage.end({ text: 'nothing' });
  assert.equal(stage.ended, true);
  assert.equal(
    context.with(stage.context, () => 'runs'),
    'runs',
  );
  call.end();
  assert.deepEqual(
    takeFacts().map(({ type }) => type),
    ['turn', 'call'],
  );
});

test('where the tracer provider throws, every handle is still one', (t) => {
  const logged = recordDiagnostics(t);
  const tracer = Object.getPrototypeOf(trace.getTracerProvider().getTracer('any'));
  t.mock.method(tracer, 'startSpan', () => {
    throw new Error('of a sampler of the application');
  });
  const call = startCall({ id: 'unrecorded' });
  const turn = call.startTurn();
  turn.startLlm().end({ usage: { inputTokens: 3 } });
  turn.startPlayback().cancel();
  turn.end();
  call.end();
  assert.equal(call.ended && turn.ended, true);
  assert.match(logged.error.join(), /starting a span failed; the call goes on/);
  assert.deepEqual(takeSpans(), []);
});

test('what cannot be used of an option is left out, with a line that says what was seen and what to do', (t) => {
  const logged = recordDiagnostics(t);
  const started = startCall({ id: 5, direction: 'inwards', campaignId: 'autumn' } as never);
  started
    .startTurn()
    .startLlm({ model: 7 } as never)
    .end({ usage: { inputTokens: -1 } });
  started.setOutcome('GOOD' as never);
  started.end({ outcome: 'GREAT', at: 'now' } as never);
  assert.deepEqual(logged.warn, [
    "earshot: startCall: direction: saw 'inwards', expected one of inbound, outbound, web. It is left out.",
    'earshot: startCall: id: saw a number, expected a string that is not empty. The call has a random id. Pass String(id) to keep yours.',
    'earshot: Turn.startStage: model: saw a number, expected a string. It is left out.',
    'earshot: Stage.end: usage: inputTokens: saw a negative number, expected a number, 0 or more. It is left out.',
    "earshot: Call.setOutcome: outcome: saw 'GOOD', expected one of SUCCESS, FAIL, VOICEMAIL, NO_ANSWER, BUSY. The outcome is concluded from the call instead.",
    'earshot: Call.end: at: saw another string, expected a Date, or milliseconds since 1970. Now is taken instead.',
    "earshot: Call.end: outcome: saw 'GREAT', expected one of SUCCESS, FAIL, VOICEMAIL, NO_ANSWER, BUSY. The outcome is concluded from the call instead.",
  ]);
  const call = takeFacts().find((fact) => fact.type === 'call');
  assert.ok(call?.type === 'call');
  assert.equal(call.campaignId, 'autumn');
  assert.equal(call.direction, undefined);
  assert.notEqual(call.outcomeSource, 'explicit');
});

test('work started in a call finds it, through promises and timers, and two calls never mix', async () => {
  const find = async (call: Call): Promise<boolean> =>
    withCall(call, async () => {
      await Promise.resolve();
      await new Promise((resolve) => setTimeout(resolve, 1));
      openStage('llm', { provider: 'groq', model: 'm' }).end();
      return currentCall() === call && currentTurn()?.index === 0;
    });
  const calls = [startCall({ id: 'a' }), startCall({ id: 'b' })];
  assert.deepEqual(await Promise.all(calls.map(find)), [true, true]);
  assert.equal(currentCall(), undefined);
  for (const call of calls) call.end();
  const requests = takeSpans().filter((span) => span.name === 'chat m');
  assert.deepEqual(requests.map((span) => span.attributes[ATTR.callId]).sort(), ['a', 'b']);
});

test('a request after the end of a call, in its context, is the call’s and no turn’s', () => {
  const call = startCall({ id: 'summarized' });
  call.startTurn();
  withCall(call, () => {
    call.end();
    const summary = openStage('llm', { provider: 'groq', model: 'm' });
    summary.end({ usage: { inputTokens: 900, outputTokens: 60 } });
    openRecordedSpeech({ provider: 'openai', model: 'whisper-1' }, () => ({})).end();
  });
  const stages = takeFacts().filter((fact) => fact.type === 'stage');
  assert.deepEqual(
    stages.map(({ callId, stage, turnIndex }) => [callId, stage, turnIndex]),
    [
      ['summarized', 'llm', undefined],
      ['summarized', 'stt', undefined],
    ],
  );
});

test('what the application throws in a call is the application’s', async () => {
  const call = startCall();
  const error = new RangeError('of the application');
  const fail = (): never => {
    throw error;
  };
  assert.throws(() => withCall(call, fail), error);
  await assert.rejects(
    withCall(call, async () => fail()),
    error,
  );
  assert.equal(withCall(call, 'no function' as never), 'no function');
  call.end();
});

test('a model request outside of any call is a plain span below the active one', () => {
  openStage('llm', { provider: 'groq', model: 'm' }).end({ usage: { inputTokens: 3 } });
  const [span] = takeSpans();
  assert.equal(span?.attributes[ATTR.callId], undefined);
  assert.equal(span?.attributes[ATTR.inputTokens], 3);
  assert.equal(context.active().getValue(Symbol.for('nothing')), undefined);
});

test('a barge-in that aborts a request is a cancellation, a failing one an error of its class', () => {
  const call = startCall();
  const turn = call.startTurn();
  turn.startLlm().fail(new DOMException('aborted', 'AbortError'));
  turn.startLlm().fail(new RangeError('the caller said 555-0100'));
  call.end();
  const [aborted, failed] = takeSpans().filter((span) => span.name === 'chat');
  assert.equal(aborted?.attributes[ATTR.stageCancelled], true);
  assert.equal(aborted.statusCode, 0);
  assert.equal(failed?.attributes[ATTR.errorType], 'RangeError');
  assert.equal(failed.statusCode, 2);
  assert.doesNotMatch(JSON.stringify(failed), /555-0100/);
});

test('what was said is not recorded unless capture is switched on', () => {
  const call = startCall();
  const turn = call.startTurn();
  turn.startStt().end({ text: 'my number is 555-0100' });
  turn.startLlm({ inputMessages: () => '[555-0100]' }).end({ text: 'I heard 555-0100' });
  call.end();
  assert.doesNotMatch(JSON.stringify(takeSpans()), /555-0100/);
});

test('stages that the application forgot end with the call, as cancelled', () => {
  const call = startCall();
  call.startTurn().startTts();
  call.end();
  const facts = takeFacts();
  const forgotten = facts.find((fact) => fact.type === 'stage');
  assert.equal(forgotten?.type === 'stage' && forgotten.cancelled, true);
  assert.equal((facts.find((fact) => fact.type === 'turn') as TurnFact).turnIndex, 0);
});

test('a greeting that no model wrote is what was sent to be spoken', () => {
  setCaptureContent(true);
  try {
    const call = startCall();
    const greeting = call.startTurn({ initiator: 'agent' });
    greeting.startTts().end({ text: 'Hello, how can I help?' });
    greeting.end();
    const answer = call.startTurn();
    answer.startLlm().end({ text: 'We close at ten.' });
    answer.startTts().end({ text: 'We close at 10 PM.' });
    call.end();
    const turns = takeFacts().filter((fact) => fact.type === 'turn');
    assert.deepEqual(
      turns.map((turn) => turn.agentText),
      ['Hello, how can I help?', 'We close at ten.'],
    );
  } finally {
    setCaptureContent(false);
  }
});

test('tags and a recording are on the call, also when they come after its end', (t) => {
  const logged = recordDiagnostics(t);
  takeSpans();
  const call = startCall({ id: 'C1', customerId: 'cus_8812', tags: { plan: 'gold' }, at: 1_790_000_000_000 });
  call.tag('attempt', 2);
  call.end({ at: 1_790_000_060_000 });
  call.tag('plan', 'silver');
  call.attach({ recordingUrl: 'https://calls.example/C1.wav' });
  const rows = groupCall(takeFacts());
  assert.deepEqual(rows.tags, { plan: 'silver', attempt: '2' });
  assert.equal(rows.fact?.customerId, 'cus_8812');
  assert.equal(rows.fact?.recordingUrl, 'https://calls.example/C1.wav');
  assert.equal(rows.endUs, 1_790_000_060_000_000);
  assert.deepEqual(logged.warn, []);
});

test('of tags that cannot be, and of more than 32, one line a call is said', (t) => {
  const logged = recordDiagnostics(t);
  const call = startCall({ id: 'C1', tags: { 'a name with spaces': 'x' } });
  call.tag('long', 'x'.repeat(257));
  call.tag(undefined as never, undefined as never);
  for (let index = 0; index < 40; index += 1) call.tag(`t${index}`, true);
  call.end();
  const fact = takeFacts().find((any) => any.type === 'call');
  assert.equal(Object.keys(fact?.tags ?? {}).length, 32);
  assert.equal(logged.warn.length, 1);
  assert.match(
    logged.warn[0] ?? '',
    /^earshot: Call\.tag: saw a name of another form, expected 1 to 64 letters/,
  );
});

test('scores are on the call, also when they come after its end; of those that cannot be one line a call is said', (t) => {
  const logged = recordDiagnostics(t);
  takeSpans();
  const call = startCall({ id: 'C1', at: 1_790_000_000_000 });
  call.score('politeness', 0.5);
  call.score('a name with spaces', 1);
  call.score('none', undefined as never);
  call.end({ at: 1_790_000_060_000 });
  call.score('politeness', 0.9);
  call.score('solved', 'yes');
  const told = takeFacts().flatMap(({ scores = [] }) => scores);
  assert.deepEqual(
    told.map(({ name, value, label }) => [name, value ?? label]),
    [
      ['politeness', 0.5],
      ['politeness', 0.9],
      ['solved', 'yes'],
    ],
  );
  assert.equal(logged.warn.length, 1);
  assert.match(logged.warn[0] ?? '', /^earshot: Call\.score: saw a name of another form/);
});

test('an address with credentials is not attached, and not shown', (t) => {
  const logged = recordDiagnostics(t);
  const call = startCall({ id: 'C1' });
  for (const recordingUrl of [
    'https://user:secret@calls.example/C1.wav',
    'https://calls.s3.amazonaws.com/C1.wav?X-Amz-Signature=secret',
    'https://calls.example/C1.wav?access_token=secret',
    'https://calls.example/C1.wav#token=secret',
    'https://calls.blob.core.windows.net/C1.wav?sv=2024&sig=secret',
    'file:///secret/C1.wav',
    'javascript:secret()',
    'secret',
  ])
    call.attach({ recordingUrl });
  call.end();
  const fact = callsOf(takeFacts())[0];
  assert.equal(fact?.recordingUrl, undefined);
  assert.equal(logged.warn.length, 8);
  assert.equal(
    logged.warn.some((line) => line.includes('secret')),
    false,
  );
});
