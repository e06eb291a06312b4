import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { utterance } from '../../../demo/speech.ts';
import { priceStage } from '../../../exporter/pricing/price.ts';
import { catalogue } from '../../../exporter/pricing/price-list.ts';
import type { Call } from '../../../instrumentation/call/call.ts';
import { activeCall } from '../../../instrumentation/call/scope.ts';
import { DEEPGRAM_SDKS, deepgramEnvironment } from '../../support/deepgram-sdks.ts';
import { callsOf } from '../../support/facts.ts';
import { assertNear } from '../../support/near.ts';
import { poll } from '../../support/poll.ts';
import {
  converse,
  finish,
  Newest,
  running,
  SPOKEN,
  say,
  serveAgents,
} from '../../support/sdks/deepgram-agent.ts';
import { startDeepgramAgentSimulator } from '../../support/simulators/deepgram-agent.ts';
import { takeFacts } from '../../support/spans.ts';
import { silence } from '../../support/talking.ts';

serveAgents();

for (const { name, Client } of DEEPGRAM_SDKS) {
  describe(`the voice agent, ${name}`, () => {
    it('makes one turn of a question and its answer, with the latencies that the service reports', async () => {
      const { socket, call, types, truth } = await converse(Client);
      const { startUs, lateUs } = await say(socket, SPOKEN.mulaw);
      await say(socket, silence(0.9));
      await poll(() => types.includes('LatencyReport'));
      await poll(() => call.turn === undefined);
      const conversation = await finish(socket, call);

      const [turn, ...others] = conversation.turns;
      assert.deepEqual(others, []);
      assert.equal(turn?.initiator, 'user');
      assert.equal(turn.eouSource, 'framework');
      assertNear(turn.speechEndedUs, startUs + SPOKEN.speechEndSeconds * 1e6, lateUs);
      assertNear(turn.committedUs, truth('user_said')[0]?.atMicros);
      assertNear(turn.speechStartedUs, truth('user_started')[0]?.atMicros);

      const [stt, ...noMore] = conversation.stages('stt');
      assert.deepEqual(noMore, []);
      assert.deepEqual([stt?.provider, stt?.model, stt?.streaming], ['deepgram', 'nova-3', true]);
      const [thought] = truth('thought');
      const [llm] = conversation.stages('llm');
      assert.deepEqual([llm?.provider, llm?.model], ['openai', 'gpt-4o-mini']);
      assertNear(llm?.startUs, thought?.askedMicros);
      assertNear(llm?.firstByteUs, thought?.atMicros);
      const [tts] = conversation.stages('tts');
      assert.deepEqual([tts?.provider, tts?.model], ['deepgram', 'aura-2-thalia-en']);
      assertNear(tts?.startUs, thought?.atMicros);
      assertNear(tts?.firstByteUs, truth('first_audio')[0]?.atMicros);
      assert.deepEqual(tts?.usage, { audioSeconds: truth('spoken')[0]?.audioSeconds });
      const [playback] = conversation.stages('playback');
      assert.equal(playback?.playbackSource, 'estimated');
      assertNear(playback?.startUs, truth('first_audio')[0]?.atMicros);
      const lastsUs = (truth('spoken')[0]?.audioSeconds ?? 0) * 1e6;
      assertNear(playback?.endUs, (playback?.startUs ?? 0) + lastsUs);
      // What is not known is not 0, and has no price.
      assert.deepEqual([stt?.usage, llm?.usage], [undefined, undefined]);
    });

    it('calls the application’s function, and asks the model again with its result', async () => {
      const { socket, call, types, truth } = await converse(Client, {
        answer: (words) => (/nine/.test(words) ? ['We open at nine.'] : { call: 'hours', clientSide: true }),
      });
      const seen: boolean[] = [];
      socket.on('message', (message) => {
        const { type, functions } = message as { type?: string; functions?: { id: string; name: string }[] };
        types.push(type ?? 'audio');
        if (type !== 'FunctionCallRequest' || !functions?.[0]) return;
        seen.push(activeCall() === call);
        const { id, name: called } = functions[0];
        socket.sendFunctionCallResponse({ type: 'FunctionCallResponse', id, name: called, content: 'nine' });
      });
      await say(socket, SPOKEN.mulaw);
      await say(socket, silence(0.9));
      await poll(() => types.includes('AgentAudioDone'));
      await poll(() => call.turn === undefined);
      const conversation = await finish(socket, call);
      assert.deepEqual(seen, [true]);
      assert.equal(conversation.turns.length, 1);
      const [first, second, ...others] = conversation.stages('llm');
      assert.deepEqual(others, []);
      assert.deepEqual(first?.finishReasons, ['tool_calls']);
      assertNear(second?.firstByteUs, truth('thought')[1]?.atMicros);
      const [tool] = conversation.stages('tool');
      assert.equal(tool?.toolName, 'hours');
      assertNear(tool?.endUs, truth('function_result')[0]?.atMicros);
      assert.equal(conversation.stages('tts').length, 1);
    });
  });
}

// What follows does not depend on how the SDK was loaded, and takes as long as its audio.
describe('the voice agent', () => {
  it('opens with its greeting, which no model has made', async () => {
    const { socket, call, types, truth } = await converse(
      Newest,
      {},
      {
        settings: { agent: { greeting: 'Good morning.' } },
      },
    );
    await poll(() => types.includes('AgentAudioDone'));
    await poll(() => call.turn === undefined && types.length > 0);
    const conversation = await finish(socket, call);
    const [turn, ...others] = conversation.turns;
    assert.deepEqual(others, []);
    assert.equal(turn?.initiator, 'agent');
    assert.equal(turn.speechEndedUs, undefined);
    assert.deepEqual(conversation.stages('llm'), []);
    const [tts] = conversation.stages('tts');
    assertNear(tts?.firstByteUs, truth('first_audio')[0]?.atMicros);
    assert.deepEqual(tts?.usage, { audioSeconds: truth('spoken')[0]?.audioSeconds });
  });

  it('says what the application wants said, in a turn of its own', async () => {
    const { socket, call, types } = await converse(Newest);
    socket.sendInjectAgentMessage({ type: 'InjectAgentMessage', message: 'Are you still there?' });
    await poll(() => types.includes('AgentAudioDone'));
    await poll(() => call.turn === undefined);
    const conversation = await finish(socket, call);
    assert.equal(conversation.turns[0]?.initiator, 'agent');
    assert.deepEqual(conversation.stages('llm'), []);
    assert.equal(conversation.stages('tts').length, 1);
  });

  it('answers what the application says for the user, though no one spoke', async () => {
    const { socket, call, types } = await converse(Newest);
    socket.sendInjectUserMessage({ type: 'InjectUserMessage', content: 'When do you open?' });
    await poll(() => types.includes('AgentAudioDone'));
    assert.equal(call.turn?.userText, 'When do you open?');
    await poll(() => call.turn === undefined);
    const conversation = await finish(socket, call);
    assert.equal(conversation.turns[0]?.speechEndedUs, undefined);
    assert.deepEqual(conversation.stages('stt'), []);
    assert.equal(conversation.stages('llm').length, 1);
  });

  it('is silenced by the user, and what it still had to say is not heard', async () => {
    const long =
      'We open at nine in the morning, and we close at six in the evening, on every day but Sunday.';
    const { socket, call, types, truth } = await converse(Newest, { answer: () => [long], speed: 2 });
    await say(socket, SPOKEN.mulaw);
    await say(socket, silence(0.9));
    await poll(() => truth('first_audio').length > 0);
    const next = utterance('hours-thanks');
    await say(socket, next.mulaw);
    await say(socket, silence(0.9));
    await poll(() => types.filter((type) => type === 'ConversationText').length >= 4);
    await poll(() => truth('first_audio').length > 1);
    const conversation = await finish(socket, call);
    const [first, second] = conversation.turns;
    assert.equal(first?.interrupted, true);
    const [cut] = conversation.stages('tts', 0);
    assert.equal(cut?.cancelled, true);
    assert.deepEqual(cut.usage, { audioSeconds: truth('cut_off')[0]?.audioSeconds });
    const stopped = truth('user_started')[1]?.atMicros;
    assertNear(conversation.stages('playback', 0).at(-1)?.endUs, stopped);
    assert.equal(second?.interrupted, false);
    assert.equal(conversation.stages('llm', 1).length, 1);
  });

  it('uses the latencies that come with the first audio, where the agent is experimental', async () => {
    const { socket, call, truth } = await converse(
      Newest,
      { latencyReport: false, answer: () => ['Certainly.', 'At what time?'] },
      { settings: { experimental: true } },
    );
    const { startUs, lateUs } = await say(socket, SPOKEN.mulaw);
    await say(socket, silence(0.9));
    await poll(() => truth('spoken').length > 0);
    await poll(() => call.turn === undefined);
    const conversation = await finish(socket, call);
    assert.equal(conversation.turns[0]?.eouSource, 'framework');
    assertNear(conversation.turns[0]?.speechEndedUs, startUs + SPOKEN.speechEndSeconds * 1e6, lateUs);
    assert.equal(conversation.stages('tts').length, 1);
    assert.equal(conversation.stages('llm').length, 1);
  });

  it('goes by what arrives, where the service reports nothing', async () => {
    const { socket, call, truth } = await converse(Newest, { latencyReport: false });
    await say(socket, SPOKEN.mulaw);
    await say(socket, silence(0.9));
    await poll(() => truth('spoken').length > 0);
    await poll(() => call.turn === undefined);
    const conversation = await finish(socket, call);
    assert.equal(conversation.turns[0]?.eouSource, 'stt_event');
    assertNear(conversation.turns[0]?.speechEndedUs, truth('user_said')[0]?.atMicros);
    assertNear(conversation.stages('llm')[0]?.firstByteUs, truth('thought')[0]?.atMicros);
    assertNear(conversation.stages('tts')[0]?.startUs, truth('thought')[0]?.atMicros);
  });

  it('fails where the service says so: in speaking, or with the connection', async () => {
    const { socket, call, types } = await converse(Newest, { errors: ['FAILED_TO_SPEAK'] });
    socket.sendInjectUserMessage({ type: 'InjectUserMessage', content: 'Hello?' });
    await poll(() => types.includes('Error'));
    const spoken = await finish(socket, call);
    assert.equal(spoken.stages('tts')[0]?.errorType, 'FAILED_TO_SPEAK');
    assert.equal(spoken.stages('tts')[0]?.usage, undefined);
    assert.equal(spoken.stages('llm')[0]?.errorType, undefined);

    const broken = await converse(
      Newest,
      {},
      {
        args: { reconnectAttempts: 0 },
        faults: [{ kind: 'cut', afterChunks: 2 }],
      },
    );
    broken.socket.sendInjectUserMessage({ type: 'InjectUserMessage', content: 'Hello?' });
    await poll(() => broken.truth('closed').length > 0);
    const cut = await finish(broken.socket, broken.call);
    assert.equal(cut.stages('llm')[0]?.errorType, 'connection_closed');
    assert.equal(cut.stages('tts')[0]?.errorType, 'connection_closed');
    assert.deepEqual(cut.stages('tts')[0]?.usage, { audioSeconds: 0.2 });
  });

  it('names other providers as price lists do, and is unpriced: it is billed by the time that it is connected', async () => {
    const { socket, call, types } = await converse(
      Newest,
      {},
      {
        settings: {
          agent: {
            think: [{ provider: { type: 'google', model: 'gemini-2.5-flash' } }],
            speak: { provider: { type: 'eleven_labs', model_id: 'eleven_turbo_v2_5' } },
          },
        },
      },
    );
    socket.sendInjectUserMessage({ type: 'InjectUserMessage', content: 'Hello?' });
    await poll(() => types.includes('AgentAudioDone'));
    const conversation = await finish(socket, call);
    const [llm] = conversation.stages('llm');
    const [tts] = conversation.stages('tts');
    assert.deepEqual([llm?.provider, llm?.model], ['gcp.gemini', 'gemini-2.5-flash']);
    assert.deepEqual([tts?.provider, tts?.model], ['elevenlabs', 'eleven_turbo_v2_5']);
    const unpriced = [llm, tts].map((stage) => {
      assert.ok(stage);
      const { stage: component, provider, model, usage, startUs: atUs } = stage;
      return priceStage(catalogue(), { component: component as 'llm' | 'tts', provider, model, usage, atUs });
    });
    assert.deepEqual(unpriced, [
      { unpriced: 'llm:gcp.gemini/gemini-2.5-flash' },
      { unpriced: 'tts:elevenlabs/eleven_turbo_v2_5' },
    ]);
  });

  it('opens a call of its own when there is none, keeps two of them apart, and ends them', async () => {
    takeFacts();
    const simulator = await startDeepgramAgentSimulator();
    running.push(simulator);
    const client = new Newest({ apiKey: 'key', environment: deepgramEnvironment(simulator) });
    const calls: (Call | undefined)[] = [];
    for (const _ of [1, 2]) {
      const socket = await client.agent.v1.connect({ Authorization: '' } as never);
      socket.on('open', () => calls.push(activeCall()));
      socket.connect();
      await socket.waitForOpen();
      await poll(() => calls.at(-1));
      assert.equal(activeCall(), undefined);
      socket.close();
      await poll(() => calls.at(-1)?.ended);
    }
    assert.notEqual(calls[0]?.id, calls[1]?.id);
    const ended = callsOf(takeFacts());
    assert.deepEqual(
      ended.map(({ callId, endReason }) => [callId, endReason]),
      calls.map((call) => [call?.id, 'connection_closed']),
    );
  });
});
