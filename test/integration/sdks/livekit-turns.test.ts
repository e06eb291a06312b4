import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { after, before, describe, test } from 'node:test';
import * as agents from '@livekit/agents';
import * as openaiPlugin from '@livekit/agents-plugin-openai';
import OpenAI, * as openaiModule from 'openai';
import { startChatSimulator } from '../../../demo/simulators/chat.ts';
import { finalizeCall } from '../../../exporter/finalize.ts';
import { loadAnalysis } from '../../../instrumentation/call/analysis.ts';
import { patchLiveKit } from '../../../instrumentation/sdks/livekit/livekit.ts';
import { patchOpenAi } from '../../../instrumentation/sdks/openai/openai.ts';
import { type ConversationOptions, LONG_SPEECH } from '../../support/livekit/conversation.ts';
import { createLlm } from '../../support/livekit/models.ts';
import { SPOKEN_TOKENS, startRealtimeServer } from '../../support/livekit/realtime-server.ts';
import { assertLatency, assertSilence, converse } from '../../support/livekit/told.ts';
import { assertNear } from '../../support/near.ts';
import { poll } from '../../support/poll.ts';
import { RECORDING_PRICES as PRICES } from '../../support/recorded-rows.ts';
import { recordSpans } from '../../support/spans.ts';

const { Agent, StopResponse } = agents.voice;

before(async () => {
  recordSpans();
  // What registers earshot has loaded it long before the first call.
  await loadAnalysis();
  patchLiveKit(agents);
  const nested = createRequire(createRequire(import.meta.url).resolve('@livekit/agents-plugin-openai'));
  for (const openai of [nested('openai'), await import(nested.resolve('openai')), openaiModule])
    patchOpenAi(openai);
});

// At once: two sessions in one process know nothing of each other.
describe('turns of a LiveKit session', { concurrency: 3 }, () => {
  test('words of the application that answer the user are a turn with its silence', async () => {
    class Answering extends Agent {
      override async onUserTurnCompleted(): Promise<void> {
        this.session.say('I am not a machine.');
        throw new StopResponse();
      }
    }
    const agent = new Answering({ id: 'answering', instructions: '' });
    const { conversation, told } = await converse({ agent }, async (talk) => {
      await talk.say('booking-time', 'At seven.');
      await talk.heard(1);
    });
    assert.equal(conversation.reported.length, 0, 'the framework has no latency for it');
    assert.deepEqual(
      told.turns.map(({ initiator }) => initiator),
      ['user'],
    );
    assertSilence(conversation, told, 0);
    assert.equal(told.turns[0]?.eouSource, 'vad');
    assert.equal(told.stages('stt', 0).length, 1);
    assert.equal(told.stages('tts', 0).length, 1);
  });

  test('the agent that takes over answers the turn in which it was handed over', async () => {
    class Second extends Agent {
      override async onEnter(): Promise<void> {
        this.session.generateReply({ userInput: 'Greet the caller.' });
      }
    }
    const second = new Second({ id: 'second', instructions: '' });
    const first = new Agent({
      id: 'first',
      instructions: '',
      tools: {
        transfer: agents.llm.tool({
          description: 'Transfers the call',
          parameters: { type: 'object', properties: {} } as never,
          execute: async () => agents.llm.handoff({ agent: second }),
        }),
      } as never,
    });
    const script: ConversationOptions['script'] = (last, role) =>
      role === 'user' && /seven/.test(last)
        ? { tool: { name: 'transfer', args: {} } }
        : { text: 'Second speaking.' };
    const { conversation, told } = await converse({ agent: first, script }, async (talk) => {
      await talk.say('booking-time', 'At seven.');
      await talk.heard(1);
    });
    assert.deepEqual(
      told.turns.map(({ initiator }) => initiator),
      ['user'],
    );
    assertSilence(conversation, told, 0);
    assert.equal(told.stages('tool', 0)[0]?.toolName, 'transfer');
    assert.equal(told.stages('llm', 0).length, 2);
  });

  test('an answer begun ahead and thrown away is paid for and not waited for', async () => {
    let read = 0;
    class Changing extends Agent {
      override async onUserTurnCompleted(chatCtx: agents.llm.ChatContext): Promise<void> {
        // Not before the first answer has said what it used, and the framework has read that.
        await poll(() => read > 0, { what: 'the answer that was begun ahead' });
        chatCtx.addMessage({ role: 'system', content: 'The caller is called Anna.' });
      }
    }
    const agent = new Changing({ id: 'changing', instructions: '' });
    const { conversation, told } = await converse({ agent }, async (talk) => {
      talk.session.on(agents.voice.AgentSessionEventTypes.MetricsCollected, ({ metrics }) => {
        if (metrics.type === 'llm_metrics') read += 1;
      });
      await talk.say('booking-time', 'At seven.');
      await talk.heard(1);
    });
    const [thrownAway, spoken, ...more] = told.stages('llm', 0);
    assert.equal(more.length, 0);
    assert.equal(thrownAway?.cancelled, true);
    assert.equal(thrownAway?.usage?.outputTokens, 20);
    assert.equal(spoken?.cancelled ?? false, false);
    assertSilence(conversation, told, 0);
    const [row] = finalizeCall(told.facts, PRICES).logs;
    assert.equal(row?.llm_output_tokens, 40);
    assert.equal(row?.ttfb_llm, ((spoken?.firstByteUs ?? 0) - (spoken?.startUs ?? 0)) / 1e6);
    assert.equal(row?.segment_llm, row?.ttfb_llm, 'from the second request, not from the first');
  });

  test('a noise that stops the agent for a moment is a false interruption', async () => {
    const agent = new Agent({ id: 'resuming', instructions: '' });
    const session = {
      turnHandling: {
        turnDetection: 'vad',
        interruption: { resumeFalseInterruption: true, falseInterruptionTimeout: 300, minDuration: 200 },
      },
      turnDetection: undefined,
      aecWarmupDuration: null,
    };
    const { told } = await converse({ agent, session, canPause: true }, async (talk) => {
      let resumed = false;
      talk.session.on(agents.voice.AgentSessionEventTypes.AgentFalseInterruption, (event) => {
        resumed ||= event.resumed;
      });
      talk.session.say(LONG_SPEECH);
      await talk.hearing(1);
      await talk.caller.say('booking-time');
      await poll(() => resumed, { what: 'the agent to go on' });
      talk.speaker.hurry();
      await talk.heard(1);
    });
    const [turn, ...more] = told.turns;
    assert.equal(more.length, 0);
    assert.deepEqual(
      turn?.interruptions?.map(({ kind }) => kind),
      ['false_interruption'],
    );
    assert.equal(turn?.interrupted, false);
    assert.equal(told.stages('playback').length, 1);
  });

  test('a model that fails is a failed stage, and the session ends with an error', async () => {
    const agent = new Agent({ id: 'failing', instructions: '' });
    const session = { connOptions: { maxUnrecoverableErrors: 0, llmConnOptions: { maxRetry: 0 } } };
    const { told } = await converse({ agent, session, script: () => ({ status: 401 }) }, async (talk) => {
      await talk.say('booking-time', 'At seven.');
      await poll(() => (talk.session as unknown as { started: boolean }).started === false, {
        what: 'the session to close',
      });
    });
    assert.equal(told.call.endReason, 'error');
    assert.equal(told.stages('llm').at(-1)?.errorType, 'APIStatusError');
  });

  test('a machine that LiveKit detects decides the outcome', async () => {
    const agent = new Agent({ id: 'detecting', instructions: '' });
    const judge = createLlm(agents, () => ({
      tool: { name: 'save_prediction', args: { label: 'machine-vm' } },
    }));
    const { told } = await converse({ agent }, async ({ session, say }) => {
      const amd = new agents.voice.AMD(session, { llm: judge, suppressCompatibilityWarning: true });
      const verdict = amd.execute();
      await say('booking-time', 'Please leave a message after the tone.');
      assert.equal((await verdict).category, 'machine-vm');
    });
    assert.equal(told.call.amdResult, 'machine-vm');
    assert.equal(told.call.outcome, 'VOICEMAIL');
  });

  test('a session that closes in the middle of an answer ends its turn and its call', async () => {
    const agent = new Agent({ id: 'leaving', instructions: '' });
    const { told } = await converse({ agent }, async (talk) => {
      talk.session.say(LONG_SPEECH);
      await talk.hearing(1);
    });
    assert.equal(told.call.endReason, 'user_initiated');
    assert.equal(told.turns.length, 1);
    assert.equal(told.stages('playback')[0]?.cancelled, true);
    assert.equal(told.turns[0]?.interrupted, false, 'no one spoke over it');
    assert.equal(told.turns[0]?.cutOffBy, 'hangup');
  });

  test('an agent that the application interrupts is not barged into, though the caller speaks', async () => {
    const agent = new Agent({ id: 'silenced', instructions: '' });
    const { told } = await converse({ agent }, async (talk) => {
      talk.session.say(LONG_SPEECH, { allowInterruptions: false });
      await talk.hearing(1);
      talk.session.on(agents.voice.AgentSessionEventTypes.UserStateChanged, ({ newState }) => {
        if (newState === 'speaking') talk.session.interrupt({ force: true });
      });
      await talk.caller.say('booking-time');
      await talk.heard(1);
    });
    assert.equal(told.turns[0]?.interrupted, false);
    assert.equal(told.turns[0]?.cutOffBy, 'program');
  });

  describe('with the plugin of OpenAI', () => {
    test('the requests of LiveKit are told once, those of a tool are found in its turn', async () => {
      const chat = await startChatSimulator({ firstTokenMs: [50, 60] });
      const client = new OpenAI({ apiKey: 'none', baseURL: `${chat.url}/v1` });
      const agent = new Agent({
        id: 'asking',
        instructions: '',
        tools: {
          get_opening_hours: agents.llm.tool({
            description: 'Opening hours',
            parameters: { type: 'object', properties: { day: { type: 'string' } } } as never,
            execute: async () => {
              await client.chat.completions.create({
                model: 'gpt-own',
                messages: [{ role: 'user', content: 'Hi' }],
              });
              return { closes: '22:00' };
            },
          }),
        } as never,
      });
      const llm = new openaiPlugin.LLM({ apiKey: 'none', baseURL: `${chat.url}/v1`, model: 'gpt-4o-mini' });
      const { told } = await converse({ agent, session: { llm } }, async (talk) => {
        await talk.say('hours-question', 'What time do you close on Sunday?');
        await talk.heard(1);
      });
      await chat.close();
      const requests = chat.truth.filter(({ kind }) => kind === 'received').length;
      assert.equal(told.stages('llm', 0).length, requests);
      assert.equal(told.stages('llm', 0).filter(({ model }) => model === 'gpt-own').length, 1);
      assert.ok(told.stages('llm').every(({ provider }) => provider === 'openai'));
    });
  });

  describe('with a model that hears and speaks', () => {
    const server = startRealtimeServer();
    after(async () => (await server).close());

    test('each answer is in its turn, with its tokens by kind and the silence before it', async () => {
      const { url, answers, stoppedMs } = await server;
      const agent = new Agent({ id: 'realtime', instructions: '' });
      const llm = new openaiPlugin.realtime.RealtimeModel({
        apiKey: 'none',
        baseURL: url,
        model: 'gpt-realtime',
      });
      const session = { llm, stt: undefined, tts: undefined, vad: null, turnDetection: undefined };
      const { conversation, told } = await converse({ agent, session }, async (talk) => {
        talk.session.generateReply({ instructions: 'Greet the caller.' });
        await talk.heard(1);
        await talk.caller.say('booking-time');
        await talk.heard(2);
        await talk.caller.say('hours-question');
        await talk.heard(3);
      });
      assert.deepEqual(
        told.turns.map(({ initiator }) => initiator),
        ['agent', 'user', 'user'],
      );
      assert.equal(conversation.reported.length, 0, 'the framework has no latency for it');
      for (const [i, turn] of told.turns.entries()) {
        const [answer, ...more] = told.stages('llm', i);
        assert.equal(more.length, 0);
        assert.equal(answer?.provider, 'openai');
        assert.equal(answer?.model, 'gpt-realtime');
        assert.deepEqual(answer?.usage, {
          inputTokens: SPOKEN_TOKENS.input_tokens,
          inputAudioTokens: 120,
          cachedInputTokens: 64,
          cachedInputAudioTokens: 32,
          outputTokens: 60,
          outputAudioTokens: 45,
        });
        assertNear(answer?.startUs, (answers[i]?.createdMs ?? Number.NaN) * 1_000);
        if (i === 0) continue;
        const [playback] = told.stages('playback', i);
        assertNear(turn.speechEndedUs, (stoppedMs[i - 1] ?? Number.NaN) * 1_000);
        assertNear(playback?.startUs, (conversation.speaker.heard[i]?.startMs ?? Number.NaN) * 1_000);
        assertLatency(turn, playback);
        assert.equal(turn.eouSource, 'stt_event');
      }
    });
  });
});
