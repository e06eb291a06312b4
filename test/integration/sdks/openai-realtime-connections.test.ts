import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { context } from '@opentelemetry/api';
import OpenAI from 'openai';
import * as betaNamespace from 'openai/beta/realtime/ws';
import * as webSocketNamespace from 'openai/realtime/websocket';
import * as namespace from 'openai/realtime/ws';
import { WebSocket } from 'ws';
import { Call } from '../../../instrumentation/call/call.ts';
import { activeCall, withReportedStages } from '../../../instrumentation/call/scope.ts';
import { assertNear } from '../../support/near.ts';
import { poll } from '../../support/poll.ts';
import {
  type Client,
  callOf,
  insecure,
  MODEL,
  openAi,
  serveRealtime,
  Talk,
} from '../../support/sdks/openai-realtime.ts';
import { startRealtimeSimulator } from '../../support/simulators/openai-realtime.ts';

serveRealtime();

describe('a client of the Realtime API', { concurrency: 3 }, () => {
  it('marks a response that the service refuses as failed, and it costs nothing', async (t) => {
    const own = await startRealtimeSimulator();
    t.after(() => own.close());
    const { call, talk } = await callOf(t, { at: own });
    own.failNext({ type: 'tokens', code: 'rate_limit_exceeded' });
    talk.send({ type: 'response.create' });
    await talk.heard('response.done');
    const [response] = (await talk.hangUp(call)).stages('llm');
    assert.equal(response?.errorType, 'rate_limit_exceeded');
    assert.equal(response.usage, undefined);
  });

  it('fails the response that was going on when the connection broke, and the call goes on over another', async (t) => {
    const own = await startRealtimeSimulator({ pace: 1 });
    t.after(() => own.close());
    own.faults.next({ kind: 'cut', afterChunks: 8 });
    const { call, talk } = await callOf(t, { at: own });
    talk.send({ type: 'response.create' });
    await poll(() => talk.client.socket.readyState === 3);
    const again = await call.run(() => Talk.start(t, { at: own }));
    const spoken = await (await again.listen()).say('booking-time');
    await again.heard('response.output_audio.delta');
    const story = await again.hangUp(call);
    assert.deepEqual(
      story.turns.map(({ initiator, callId }) => [initiator, callId]),
      [
        ['agent', call.id],
        ['user', call.id],
      ],
    );
    assert.equal(story.stages('llm')[0]?.errorType, 'connection_lost');
    assertNear(story.turns[1]?.speechEndedUs, spoken.endedMicros, spoken.lateMicros);
  });

  it('reconnects by itself when it was told to, and stays one call', async (t) => {
    const own = await startRealtimeSimulator();
    t.after(() => own.close());
    own.faults.next({ kind: 'cut', afterChunks: 2 });
    const client = new namespace.OpenAIRealtimeWS(
      { model: MODEL, options: insecure, reconnect: true, reconnectInitialDelay: 1 } as never,
      openAi(OpenAI, own),
    );
    const talk = new Talk(client, own);
    t.after(() => talk.stop());
    let inside: Call | undefined;
    client.on('response.created', () => {
      inside = activeCall();
    });
    await talk.heard('session.created');
    talk.send({ type: 'session.update', session: { type: 'realtime' } });
    await talk.heard('session.updated');
    talk.send({ type: 'session.update', session: { type: 'realtime' } });
    await talk.heard('session.created', 2);
    client.flushPending();
    const spoken = await (await talk.listen()).say('booking-time');
    await talk.heard('response.output_audio.delta');
    const story = await talk.hangUp(() => inside);
    assert.equal(story.turns.length, 1);
    assertNear(story.turns[0]?.speechEndedUs, spoken.endedMicros, spoken.lateMicros);
    assert.equal(story.calls[0]?.endReason, 'connection_closed');
  });

  it('is a transcription for someone else to answer when that is all that it does', async (t) => {
    const { call, talk } = await callOf(t, { session: { type: 'transcription' } });
    await (await talk.listen()).say('booking-time');
    await talk.heard('conversation.item.input_audio_transcription.completed');
    assert.match(call.turn?.userText ?? '', /seven/);
    const story = await talk.hangUp(call);
    assert.deepEqual(story.stages('llm'), []);
    assert.equal(story.stages('stt')[0]?.turnIndex, 0);
  });

  it('speaks the protocol of the beta too', async (t) => {
    const call = new Call();
    const talk = call.run(() => {
      const props = { model: MODEL, options: insecure };
      return new Talk(new betaNamespace.OpenAIRealtimeWS(props, openAi()) as unknown as Client);
    });
    t.after(() => talk.stop());
    await talk.heard('session.created');
    talk.send({
      type: 'session.update',
      session: { input_audio_format: 'pcm16', input_audio_transcription: { model: 'whisper-1' } },
    });
    await talk.heard('session.updated');
    const spoken = await (await talk.listen()).say('booking-time');
    await talk.heard('response.audio.delta');
    await talk.heard('response.done');
    await talk.heard('conversation.item.input_audio_transcription.completed');
    const story = await talk.hangUp(call);
    const turn = story.turns[0];
    assertNear(turn?.speechEndedUs, spoken.endedMicros, spoken.lateMicros);
    assert.ok(story.stages('llm')[0]?.firstByteUs);
    assert.equal(story.stages('stt')[0]?.model, 'whisper-1');
    assert.ok((story.stages('stt')[0]?.usage?.audioSeconds ?? 0) > 1);
  });

  it('is followed over the WebSocket of the platform as well', async (t) => {
    const platform = Object.getOwnPropertyDescriptor(globalThis, 'WebSocket');
    class Insecure extends WebSocket {
      constructor(url: string | URL, protocols?: string | string[]) {
        super(url, protocols, insecure);
      }
    }
    Object.defineProperty(globalThis, 'WebSocket', { configurable: true, value: Insecure });
    const call = new Call();
    const client = call.run(
      () =>
        new webSocketNamespace.OpenAIRealtimeWebSocket(
          { model: MODEL, dangerouslyAllowBrowser: true },
          openAi(),
        ),
    );
    if (platform) Object.defineProperty(globalThis, 'WebSocket', platform);
    else Reflect.deleteProperty(globalThis, 'WebSocket');
    const talk = new Talk(client as unknown as Client);
    t.after(() => talk.stop());
    await talk.heard('session.created');
    talk.send({ type: 'response.create' });
    await talk.heard('response.done');
    const story = await talk.hangUp(call);
    assert.equal(story.stages('llm').length, 1);
  });

  it('is nothing when the service refuses the connection', async (t) => {
    const own = await startRealtimeSimulator();
    t.after(() => own.close());
    own.faults.next({ kind: 'status', status: 429 });
    const call = new Call();
    const talk = call.run(
      () =>
        new Talk(
          new namespace.OpenAIRealtimeWS({ model: MODEL, options: insecure }, openAi(OpenAI, own)),
          own,
        ),
    );
    await poll(() => talk.errors.length > 0);
    assert.match(String(talk.errors[0]), /429/);
    const story = await talk.hangUp(call);
    assert.deepEqual(
      story.facts.map(({ type }) => type),
      ['call'],
    );
  });

  it('keeps two calls apart', async (t) => {
    const [one, two] = await Promise.all([callOf(t), callOf(t)]);
    await (await one.talk.listen()).say('booking-time');
    two.talk.send({ type: 'response.create' });
    await Promise.all([one.talk.heard('response.done'), two.talk.heard('response.done')]);
    const stories = [await one.talk.hangUp(one.call), await two.talk.hangUp(two.call)];
    assert.deepEqual(
      stories.map(({ turns }) => turns.map(({ initiator }) => initiator)),
      [['user'], ['agent']],
    );
  });

  it('is left alone where a framework reports its own requests', async (t) => {
    const call = new Call();
    const talk = await context.with(withReportedStages(call.context), () => Talk.start(t));
    talk.send({ type: 'response.create' });
    await talk.heard('response.done');
    const story = await talk.hangUp(call);
    assert.deepEqual(story.turns, []);
  });

  it('gives the application its own errors, and no listener that was not there', async (t) => {
    const { call, talk } = await callOf(t);
    assert.equal(talk.client.socket.listenerCount('error'), 1);
    talk.send({ type: 'response.cancel' });
    await poll(() => talk.errors.length > 0);
    assert.match(String(talk.errors[0]), /response_cancel_not_active/);
    talk.stop();
    talk.send({ type: 'response.create' });
    call.end();
  });
});
