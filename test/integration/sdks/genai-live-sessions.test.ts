import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as newest from '@google/genai';
import { context } from '@opentelemetry/api';
import { suppressTracing } from '@opentelemetry/core';
import { Call } from '../../../instrumentation/call/call.ts';
import { activeCall } from '../../../instrumentation/call/scope.ts';
import { callsOf, turnsOf } from '../../support/facts.ts';
import { assertNear } from '../../support/near.ts';
import { poll } from '../../support/poll.ts';
import { BUILDS, behave, MODEL, serveLive, simulator, stages, Talk } from '../../support/sdks/genai-live.ts';
import { takeFacts } from '../../support/spans.ts';

serveLive();

for (const { name, sdk } of BUILDS) {
  describe(`live with ${name}`, () => {
    it('answers in the turn of the question, after a tool, and lets a text open a turn', async () => {
      behave({
        voiceActivity: true,
        heard: ['When do you close?'],
        answers: [
          { text: 'Hello.', seconds: 0.2 },
          { text: '', seconds: 0, tool: 'get_opening_hours' },
          { text: 'At ten.', seconds: 0.2 },
        ],
      });
      const talk = await Talk.open(sdk);
      talk.session.sendClientContent({ turns: 'Greet the caller.' });
      await talk.completes();
      await talk.speak(400);
      await talk.says((message) => message.toolCall);
      talk.session.sendToolResponse({
        functionResponses: { id: 'call-2', name: 'get_opening_hours', response: { closes: 'ten' } },
      });
      await talk.completes(2);
      await talk.close();
      const facts = takeFacts();
      assert.deepEqual(
        turnsOf(facts).map(({ initiator }) => initiator),
        ['agent', 'user'],
      );
      assert.deepEqual(
        stages(facts, 'llm').map(({ turnIndex, finishReasons, usage }) => [
          turnIndex,
          finishReasons?.[0],
          usage?.outputTokens,
        ]),
        [
          [0, 'stop', 5],
          [1, 'tool_calls', 0],
          [1, 'stop', 5],
        ],
      );
      assert.deepEqual(
        stages(facts, 'tool').map(({ turnIndex, toolName }) => [turnIndex, toolName]),
        [[1, 'get_opening_hours']],
      );
    });

    for (const order of ['before', 'after'] as const)
      it(`goes on with its call on another connection, opened ${order} the first is closed`, async () => {
        behave({
          voiceActivity: true,
          heard: ['One?', 'Two?'],
          answers: [
            { text: 'One.', seconds: 0.2 },
            { text: 'Two.', seconds: 0.2 },
          ],
        });
        const first = await Talk.open(sdk, { sessionResumption: {} });
        await first.speak(300);
        await first.completes();
        simulator.goAway();
        await first.says((message) => message.goAway);
        const update = first.messages.find((message) => message.sessionResumptionUpdate);
        const handle = update?.sessionResumptionUpdate?.newHandle ?? '';
        if (order === 'after') await first.close();
        const second = await Talk.open(sdk, { sessionResumption: { handle } });
        if (order === 'before') await first.close();
        const spoken = await second.speak(300);
        await second.completes();
        await second.close();
        const facts = takeFacts();
        assert.equal(turnsOf(facts).length, 2);
        assertNear(turnsOf(facts)[1]?.speechEndedUs, spoken.endUs, spoken.lateUs);
        assert.deepEqual(
          callsOf(facts).map(({ endReason }) => endReason),
          ['connection_closed'],
        );
      });

    it('gives the application its errors as they are, and the answer that broke off one', async () => {
      const client = new sdk.GoogleGenAI({ apiKey: 'key', httpOptions: { baseUrl: 'http://127.0.0.1:1' } });
      const failures: unknown[] = [];
      void client.live
        .connect({
          model: MODEL,
          callbacks: { onmessage: () => {}, onerror: (error) => failures.push(error) },
        })
        .catch(() => {});
      await poll(() => failures.length === 1);
      assert.deepEqual(takeFacts(), []);

      behave({ voiceActivity: true, answers: [{ text: 'A long answer.', seconds: 6 }] });
      const talk = await Talk.open(sdk);
      await talk.speak(300);
      await talk.says((message) => message.serverContent?.outputTranscription);
      simulator.drop(1011);
      assert.equal(((await talk.closed) as { code?: number }).code, 1011);
      await talk.close();
      const [llm] = stages(takeFacts(), 'llm');
      assert.equal(llm?.errorType, 'connection_lost');
      assert.equal(llm.cancelled, undefined);
    });
  });
}

describe('a live session', () => {
  it('belongs to the call that opened it, two of them at once', async () => {
    const own = [new Call({ id: 'one' }), new Call({ id: 'two' })];
    behave({ voiceActivity: true, lateUsage: true });
    const talks = await Promise.all(own.map((call) => call.run(() => Talk.open(newest))));
    await Promise.all(talks.map((talk) => talk.speak(300)));
    await Promise.all(talks.map((talk) => talk.completes()));
    await Promise.all(talks.map((talk) => talk.says((message) => message.usageMetadata)));
    await Promise.all(talks.map((talk) => talk.close()));
    for (const call of own) call.end();
    const facts = takeFacts();
    for (const { id } of own) {
      const mine = facts.filter(({ callId }) => callId === id);
      assert.equal(turnsOf(mine).length, 1);
      assert.equal(stages(mine, 'llm')[0]?.usage?.outputTokens, 10);
      assert.equal(callsOf(mine).length, 1);
    }
    assert.equal(callsOf(facts).length, 2);
  });

  it('calls the application back in its call, on its own object, as its callbacks are at that moment', async () => {
    behave({});
    const client = new newest.GoogleGenAI({ apiKey: 'key', httpOptions: { baseUrl: simulator.url } });
    const call = new Call();
    const seen: unknown[] = [];
    const params = {
      model: MODEL,
      callbacks: {
        onmessage() {
          assert.fail('replaced before it was called');
        },
      } as newest.LiveCallbacks,
    };
    const connecting = call.run(() => client.live.connect(params));
    params.callbacks.onmessage = function (this: unknown) {
      seen.push(this === params.callbacks, activeCall() === call);
    };
    const session = await connecting;
    session.close();
    call.end();
    assert.deepEqual(seen.slice(0, 2), [true, true]);
  });

  it('stays silent where tracing is suppressed', async () => {
    behave({ voiceActivity: true });
    const talk = await context.with(suppressTracing(context.active()), () => Talk.open(newest));
    await talk.speak(200);
    await talk.completes();
    await talk.close();
    assert.deepEqual(takeFacts(), []);
  });
});
