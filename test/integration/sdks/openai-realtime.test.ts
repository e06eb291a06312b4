import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { after, before, describe, it, type TestContext } from 'node:test';
import { context } from '@opentelemetry/api';
import OpenAI from 'openai';
import * as betaNamespace from 'openai/beta/realtime/ws';
import * as webSocketNamespace from 'openai/realtime/websocket';
import * as namespace from 'openai/realtime/ws';
import OldestOpenAI from 'openai-oldest';
import * as oldestNamespace from 'openai-oldest/realtime/ws';
import { WebSocket } from 'ws';
import { Call } from '../../../instrumentation/call/call.ts';
import { activeCall, withReportedStages } from '../../../instrumentation/call/scope.ts';
import { foreign } from '../../../instrumentation/sdks/kit/patch.ts';
import { patchOpenAiRealtime } from '../../../instrumentation/sdks/openai/realtime.ts';
import type { Fact } from '../../../model/facts.ts';
import { Story } from '../../support/facts.ts';
import { Microphone, toPcm24 } from '../../support/microphone.ts';
import { assertNear } from '../../support/near.ts';
import { poll } from '../../support/poll.ts';
import {
  type RealtimeSimulator,
  type RealtimeTruth,
  startRealtimeSimulator,
} from '../../support/simulators/openai-realtime.ts';
import { recordSpans, takeFacts } from '../../support/spans.ts';

type Client = namespace.OpenAIRealtimeWS;
type Event = Readonly<Record<string, unknown>>;

const load = createRequire(import.meta.url);
const commonJs = load('openai/realtime/ws') as typeof namespace;
const oldestCommonJs = load('openai-oldest/realtime/ws') as typeof namespace;
const BUILDS = [
  { name: 'openai 7 from ESM', exports: namespace, OpenAI },
  { name: 'openai 7 from CommonJS', exports: commonJs, OpenAI },
  {
    name: 'openai 6.0 from ESM',
    exports: oldestNamespace as unknown as typeof namespace,
    OpenAI: OldestOpenAI,
  },
  { name: 'openai 6.0 from CommonJS', exports: oldestCommonJs, OpenAI: OldestOpenAI },
] as const;

let simulator: RealtimeSimulator;
before(async () => {
  recordSpans();
  for (const { exports } of BUILDS) patchOpenAiRealtime(exports);
  patchOpenAiRealtime(betaNamespace);
  patchOpenAiRealtime(webSocketNamespace);
  simulator = await startRealtimeSimulator();
});
after(() => simulator.close());

const MODEL = 'gpt-realtime';
const TRANSCRIPTION = { model: 'gpt-4o-transcribe' };
const insecure = { rejectUnauthorized: false };
const openAi = (Class: typeof OpenAI = OpenAI, at = simulator): OpenAI =>
  new Class({ apiKey: 'key', baseURL: `${at.url}/v1` });

/** A client with a microphone in front of it, and everything that the server told it. */
class Talk {
  readonly client: Client;
  readonly events: Event[] = [];
  readonly errors: unknown[] = [];
  readonly #simulator: RealtimeSimulator;
  readonly #since: number;
  #microphone: Microphone | undefined;

  constructor(client: Client, at: RealtimeSimulator = simulator) {
    this.client = client;
    this.#simulator = at;
    this.#since = at.truth.length;
    client.on('event', (event) => this.events.push(event as unknown as Event));
    client.on('error', (error) => this.errors.push(error));
  }

  /** Connects, sets the session up and listens from then on. */
  static async start(
    t: TestContext,
    {
      exports = namespace,
      Class = OpenAI,
      session = {},
      input = {},
      at = simulator,
    }: {
      exports?: typeof namespace;
      Class?: typeof OpenAI;
      session?: object;
      input?: object;
      at?: RealtimeSimulator;
    } = {},
  ): Promise<Talk> {
    const talk = new Talk(
      new exports.OpenAIRealtimeWS({ model: MODEL, options: insecure } as never, openAi(Class, at)),
      at,
    );
    t.after(() => talk.stop());
    await talk.heard('session.created');
    const audio = { input: { transcription: TRANSCRIPTION, ...input } };
    talk.send({ type: 'session.update', session: { type: 'realtime', audio, ...session } });
    await talk.heard('session.updated');
    return talk;
  }

  send(event: object): void {
    this.client.send(event as never);
  }

  /** Opens the microphone: 16-bit PCM at 24 kHz, as sessions have it unless told otherwise. */
  async listen(): Promise<Microphone> {
    const microphone = new Microphone((mulaw) =>
      this.send({ type: 'input_audio_buffer.append', audio: toPcm24(mulaw).toString('base64') }),
    );
    this.#microphone = microphone;
    // What the server puts before the speech has to have been sent.
    await poll(() => microphone.seconds > 0.3);
    return microphone;
  }

  /** Waits for the nth event of a type. */
  async heard(type: string, nth = 1): Promise<Event> {
    const found = () => this.events.filter((event) => event.type === type)[nth - 1];
    return poll(found, { what: `${nth} ${type}: ${JSON.stringify(this.errors)}` });
  }

  stop(): void {
    this.#microphone?.stop();
    if (this.client.socket.readyState < 2) this.client.close();
  }

  /** Hangs up, and gives what was recorded. */
  async hangUp(call: Call | (() => Call | undefined)): Promise<Story> {
    this.stop();
    await poll(() => this.client.socket.readyState === 3);
    if (call instanceof Call) call.end();
    const id = call instanceof Call ? call.id : call()?.id;
    facts.push(...takeFacts());
    return new Story(facts.filter(({ callId }) => callId === id));
  }

  /** What the server says it sent on this connection, and what it got. */
  sent(type: string): RealtimeTruth[] {
    return this.#truth().filter((event) => event.kind === 'sent' && event.type === type);
  }

  received(type: string): RealtimeTruth[] {
    return this.#truth().filter((event) => event.kind === 'received' && event.event.type === type);
  }

  responses() {
    return this.#truth().flatMap((event) => (event.kind === 'responded' ? [event] : []));
  }

  #truth(): RealtimeTruth[] {
    const id = String(foreign(this.events.find(({ type }) => type === 'session.created')?.session)?.id);
    return this.#simulator.truth.slice(this.#since).filter(({ sessionId }) => sessionId === id);
  }
}

/** Of all tests, which run at the same time. */
const facts: Fact[] = [];

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
  /** Each test has a call of its own, and looks at nothing else: they run at the same time. */
  const callOf = (t: TestContext, options: Parameters<typeof Talk.start>[1] = {}) => {
    const call = new Call();
    return call.run(async () => ({ call, talk: await Talk.start(t, options) }));
  };

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
    const [cut] = story.stages('playback', 0);
    const [started] = talk.sent('input_audio_buffer.speech_started').slice(1);
    assertNear(cut?.endUs, started?.atMicros);
    // It was complete long before: only what had not been heard is lost.
    assert.equal(story.stages('llm', 0)[0]?.cancelled, undefined);
  });

  it('has a response cancelled that the user does not wait for', async (t) => {
    const slow = await startRealtimeSimulator({ pace: 1 });
    t.after(() => slow.close());
    const { call, talk } = await callOf(t, { at: slow });
    const microphone = await talk.listen();
    await microphone.say('menu-question');
    await talk.heard('response.output_audio.delta', 3);
    await microphone.say('menu-barge-in');
    await talk.heard('response.output_audio.delta', 12);
    await talk.heard('response.done');
    const story = await talk.hangUp(call);
    const [cut] = story.stages('llm', 0);
    assert.equal(cut?.cancelled, true);
    assert.equal(cut.errorType, undefined);
    assert.ok((cut.usage?.outputAudioTokens ?? 0) > 0, 'what was cut off is billed');
    assert.equal(story.turns[0]?.interrupted, true);
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
