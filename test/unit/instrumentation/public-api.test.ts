import assert from 'node:assert/strict';
import { before, beforeEach, test } from 'node:test';
import { context } from '@opentelemetry/api';
import fc from 'fast-check';
import { openCallCount } from '../../../instrumentation/call/call.ts';
import { openStage } from '../../../instrumentation/call/open-stage.ts';
import {
  type Call,
  currentCall,
  currentTurn,
  MetricCollector,
  type Stage,
  setCaptureContent,
  startCall,
  type Turn,
  withCall,
} from '../../../instrumentation/index.ts';
import type { TurnFact } from '../../../model/facts.ts';
import { ATTR } from '../../../model/semconv.ts';
import { recordSpans, takeFacts, takeSpans } from '../../support/spans.ts';

before(recordSpans);
beforeEach(() => void takeSpans());

/** Any argument that JavaScript code could pass. */
const nonsense = fc.oneof(
  fc.constantFrom(undefined, null, 0, -1, Number.NaN, Number.POSITIVE_INFINITY, '', 'x', true, [], {}),
  fc.record({
    at: fc.oneof(fc.date(), fc.double(), fc.constant(null)),
    source: fc.string(),
    usage: fc.anything(),
  }),
  fc.anything(),
);
const CALL = ['startTurn', 'describe', 'setOutcome', 'setTelephonyState', 'end'] as const;
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
  'end',
] as const;
const STAGE = ['firstByte', 'end', 'cancel', 'fail'] as const;
const step = fc.tuple(fc.constantFrom(...CALL, ...TURN, ...STAGE), nonsense);

test('no order of calls and no argument makes the public API throw, leak a call or invent a number', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const call = startCall({ id: 'fuzzed' });
      let turn: Turn | undefined;
      let stage: Stage | undefined;
      for (const [method, argument] of steps) {
        const target: unknown =
          (CALL as readonly string[]).includes(method) && method !== 'end'
            ? call
            : method === 'end' || (STAGE as readonly string[]).includes(method)
              ? (stage ?? turn ?? call)
              : turn;
        const run = (target as Record<string, ((a: unknown) => unknown) | undefined> | undefined)?.[method];
        const result = run?.call(target, argument);
        if (method === 'startTurn') turn = result as Turn;
        else if (method.startsWith('start')) stage = result as Stage;
      }
      call.end();
      call.end();
      assert.equal(openCallCount(), 0);
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

test('the hook-style collector never throws either', () => {
  const hooks = Object.getOwnPropertyNames(MetricCollector.prototype).filter(
    (name) => name !== 'constructor',
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.constantFrom(...hooks), nonsense), { maxLength: 40 }), (steps) => {
      const collector = new MetricCollector({ id: 'fuzzed' });
      for (const [hook, argument] of steps)
        (collector as unknown as Record<string, (a: unknown) => unknown>)[hook]?.(argument);
      collector.endCall();
      takeSpans();
      assert.equal(openCallCount(), 0);
    }),
    { numRuns: 300 },
  );
});

test('the hook-style collector measures a turn and gives its latencies', () => {
  const at = (ms: number) => ({ at: 1_750_000_000_000 + ms });
  const collector = new MetricCollector({ id: 'hooks', ...at(0) });
  collector.startTurn(at(0));
  collector.onSttStart({ provider: 'deepgram', model: 'nova-3', ...at(100) });
  collector.onSttFirstByte(at(350));
  collector.onSpeechEnd(at(1_000));
  collector.onLlmStart({ provider: 'groq', model: 'llama-3.1-8b-instant', ...at(1_300) });
  collector.onLlmFirstByte(at(1_500));
  collector.onTtsStart({ provider: 'cartesia', model: 'sonic-3.5', ...at(1_600) });
  collector.onLlmComplete({ usage: { inputTokens: 10, outputTokens: 5 }, ...at(1_700) });
  collector.onTtsFirstByte(at(1_750));
  collector.onAudioPlaybackStart(at(1_800));
  const latencies = collector.finalizeTurn(at(4_000));
  collector.endCall(at(4_500));

  assert.deepEqual(latencies, {
    turnIndex: 0,
    ttfbStt: 0.25,
    latencyStt: 0.3,
    ttfbLlm: 0.2,
    latencyLlm: 0.4,
    ttfbTts: 0.15,
    latencyTts: 2.4,
    eouLatency: 0.8,
  });
  assert.equal(takeFacts().filter((fact) => fact.type === 'turn').length, 1);
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
