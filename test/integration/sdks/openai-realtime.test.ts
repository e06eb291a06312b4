import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type OpenAI from 'openai';
import { Call } from '../../../instrumentation/call/call.ts';
import { activeCall } from '../../../instrumentation/call/scope.ts';
import { assertNear } from '../../support/near.ts';
import { BUILDS, callOf, MODEL, serveRealtime, Talk } from '../../support/sdks/openai-realtime.ts';
import { startRealtimeSimulator } from '../../support/simulators/openai-realtime.ts';

serveRealtime();

for (const { name, exports, OpenAI: Class } of BUILDS) {
  it(`${name}: a question and its answer are a turn with the marks, tokens and words of both`, async (t) => {
    const call = new Call();
    const talk = await call.run(() => Talk.start(t, { exports, Class: Class as typeof OpenAI }));
    let inside: unknown;
    talk.client.on('response.created', () => {
      inside = activeCall();
    });
    const spoken = await (await talk.listen()).say('menu-question');
    await talk.heard('response.done');
    await talk.heard('conversation.item.input_audio_transcription.completed');
    const { turn } = call;
    assert.equal(inside, call);
    assert.match(turn?.userText ?? '', /menu/);
    assert.match(turn?.agentText ?? '', /fresh pasta/);

    const story = await talk.hangUp(call);
    const [first, ...more] = story.turns;
    assert.deepEqual(more, []);
    assert.equal(first?.initiator, 'user');
    assert.equal(first.eouSource, 'vad');
    assertNear(first.speechStartedUs, spoken.startedMicros, spoken.lateMicros);
    assertNear(first.speechEndedUs, spoken.endedMicros, spoken.lateMicros);
    assertNear(first.committedUs, talk.sent('input_audio_buffer.committed')[0]?.atMicros);

    const [response] = story.stages('llm');
    assert.deepEqual([response?.provider, response?.model, response?.turnIndex], ['openai', MODEL, 0]);
    assertNear(response?.startUs, talk.sent('response.created')[0]?.atMicros);
    assertNear(response?.firstByteUs, talk.sent('response.output_audio.delta')[0]?.atMicros);
    assertNear(response?.endUs, talk.sent('response.done')[0]?.atMicros);
    const usage = talk.responses()[0]?.usage;
    assert.deepEqual(response?.usage, {
      inputTokens: usage?.input_tokens,
      inputAudioTokens: usage?.input_token_details.audio_tokens,
      cachedInputTokens: 0,
      cachedInputAudioTokens: 0,
      outputTokens: usage?.output_tokens,
      outputAudioTokens: usage?.output_token_details.audio_tokens,
    });
    assert.deepEqual(response?.finishReasons, ['stop']);

    const [transcription] = story.stages('stt');
    assert.equal(transcription?.model, 'gpt-4o-transcribe');
    assert.equal(transcription.turnIndex, 0);
    assert.equal(transcription.startUs, first.speechStartedUs);
    assert.ok((transcription.usage?.inputAudioTokens ?? 0) > 0);

    const [playback] = story.stages('playback');
    assert.equal(playback?.playbackSource, 'estimated');
    assert.equal(playback.startUs, response?.firstByteUs);
    assert.deepEqual(talk.errors, []);
  });
}

describe('a client of the Realtime API', { concurrency: 3 }, () => {
  it('is a call of its own when there is none around it', async (t) => {
    const talk = await Talk.start(t);
    let inside: Call | undefined;
    talk.client.on('response.created', () => {
      inside = activeCall();
    });
    talk.send({ type: 'response.create' });
    await talk.heard('response.done');
    const story = await talk.hangUp(() => inside);
    assert.ok(inside?.ended);
    assert.equal(story.calls[0]?.endReason, 'connection_closed');
    assert.deepEqual(
      story.turns.map(({ initiator }) => initiator),
      ['agent'],
    );
  });

  it('is silenced by a user who talks over it, and answers what that was', async (t) => {
    const { call, talk } = await callOf(t);
    const microphone = await talk.listen();
    await microphone.say('menu-question');
    await talk.heard('response.done');
    const barge = await microphone.say('menu-barge-in');
    await talk.heard('response.done', 2);
    const story = await talk.hangUp(call);
    const [first, second, ...more] = story.turns;
    assert.deepEqual(more, []);
    assert.equal(first?.interrupted, true);
    assert.equal(second?.interrupted, false);
    assertNear(second?.speechStartedUs, barge.startedMicros, barge.lateMicros);
    assertNear(second?.speechEndedUs, barge.endedMicros, barge.lateMicros);
    const cut = story.stages('playback', 0).at(-1);
    const [started] = talk.sent('input_audio_buffer.speech_started').slice(1);
    assertNear(cut?.endUs, started?.atMicros);
    // It was complete long before: only what had not been heard is lost.
    assert.equal(story.stages('llm', 0)[0]?.cancelled, undefined);
  });

  it('has a response cancelled that the user does not wait for', async (t) => {
    let endless = true;
    const slow = await startRealtimeSimulator({
      pace: Number.POSITIVE_INFINITY,
      get endless() {
        return endless;
      },
    });
    t.after(() => slow.close());
    const { call, talk } = await callOf(t, { at: slow });
    const microphone = await talk.listen();
    await microphone.say('menu-question');
    await talk.heard('response.output_audio.delta');
    endless = false;
    await microphone.say('menu-barge-in');
    await talk.heard('response.done', 2);
    const story = await talk.hangUp(call);
    // A busy machine may send the question in two pieces, with a pause for a service to answer in.
    const cut = story.stages('llm').find(({ usage }) => (usage?.outputAudioTokens ?? 0) > 0);
    assert.equal(cut?.cancelled, true, 'what was cut off is billed');
    assert.equal(cut.errorType, undefined);
    assert.equal(story.turns.find(({ turnIndex }) => turnIndex === cut.turnIndex)?.interrupted, true);
  });

  it('waits in the turn for the tool that the model asked for', async (t) => {
    const { call, talk } = await callOf(t, {
      session: { tools: [{ type: 'function', name: 'get_opening_hours' }] },
    });
    talk.client.on('response.function_call_arguments.done', async ({ call_id }) => {
      await new Promise((resolve) => setTimeout(resolve, 120));
      talk.send({
        type: 'conversation.item.create',
        item: { type: 'function_call_output', call_id, output: '{"closes":"11 pm"}' },
      });
      talk.send({ type: 'response.create' });
    });
    await (await talk.listen()).say('hours-question');
    await talk.heard('response.done', 2);
    const story = await talk.hangUp(call);
    assert.equal(story.turns.length, 1);
    const [asking, answering] = story.stages('llm');
    assert.deepEqual(asking?.finishReasons, ['tool_calls']);
    const [tool] = story.stages('tool');
    assert.equal(tool?.turnIndex, 0);
    assert.equal(tool.toolName, 'get_opening_hours');
    assert.ok(tool.endUs - tool.startUs >= 115_000);
    const asked = talk.received('response.create')[0];
    assertNear(answering?.startUs, asked?.atMicros);
    assert.ok((answering?.usage?.cachedInputTokens ?? 0) > 0);
  });

  it('takes the commit of an application that decides itself for the end of the speech', async (t) => {
    const { call, talk } = await callOf(t, { input: { turn_detection: null } });
    const microphone = await talk.listen();
    await microphone.say('booking-time');
    talk.send({ type: 'input_audio_buffer.commit' });
    talk.send({ type: 'response.create' });
    await talk.heard('response.done');
    const story = await talk.hangUp(call);
    const [turn, ...more] = story.turns;
    assert.deepEqual(more, []);
    assert.equal(turn?.eouSource, 'stt_event');
    assertNear(turn.speechEndedUs, talk.received('input_audio_buffer.commit')[0]?.atMicros);
    assertNear(story.stages('llm')[0]?.startUs, talk.received('response.create')[0]?.atMicros);
    assert.equal(story.stages('stt')[0]?.turnIndex, 0);
  });

  it('says of semantic_vad that its end of speech is an event, whose silence is not known', async (t) => {
    const { call, talk } = await callOf(t, { input: { turn_detection: { type: 'semantic_vad' } } });
    await (await talk.listen()).say('booking-time');
    await talk.heard('response.done');
    const [turn] = (await talk.hangUp(call)).turns;
    assert.equal(turn?.eouSource, 'stt_event');
  });
});
