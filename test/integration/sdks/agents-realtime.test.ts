import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { after, before, describe, it, type TestContext } from 'node:test';
import * as namespace from '@openai/agents-realtime';
import * as oldestNamespace from 'agents-realtime-oldest';
import { Call } from '../../../instrumentation/call/call.ts';
import { activeCall } from '../../../instrumentation/call/scope.ts';
import { patchAgentsRealtime } from '../../../instrumentation/sdks/openai/agents-realtime.ts';
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

const load = createRequire(import.meta.url);
const BUILDS = [
  { name: '@openai/agents-realtime 0.20 from ESM', exports: namespace },
  {
    name: '@openai/agents-realtime 0.20 from CommonJS',
    exports: load('@openai/agents-realtime') as typeof namespace,
  },
  { name: '@openai/agents-realtime 0.8 from ESM', exports: oldestNamespace as unknown as typeof namespace },
  {
    name: '@openai/agents-realtime 0.8 from CommonJS',
    exports: load('agents-realtime-oldest') as typeof namespace,
  },
] as const;

let simulator: RealtimeSimulator;
before(async () => {
  recordSpans();
  for (const { exports } of BUILDS) patchAgentsRealtime(exports);
  simulator = await startRealtimeSimulator({ tls: false });
});
after(() => simulator.close());

const SERVER_VAD = { type: 'server_vad', silenceDurationMs: 400 } as const;

/** A session of an agent that has one tool, with a microphone in front of it. */
class Talk {
  readonly session: namespace.RealtimeSession;
  readonly #since = simulator.truth.length;
  readonly #events: { readonly type: string }[] = [];
  #microphone: Microphone | undefined;

  constructor(exports: typeof namespace, turnDetection: object = SERVER_VAD) {
    const { RealtimeAgent, RealtimeSession, tool } = exports;
    const hours = tool({
      name: 'get_opening_hours',
      description: 'When the restaurant closes.',
      parameters: { type: 'object', properties: {}, required: [], additionalProperties: true } as never,
      strict: false,
      execute: async () => {
        this.insideTool = activeCall();
        await new Promise((resolve) => setTimeout(resolve, 100));
        return { closes: '11 pm' };
      },
    } as never);
    const agent = new RealtimeAgent({ name: 'Luigi', instructions: 'Be brief.', tools: [hours as never] });
    this.session = new RealtimeSession(agent, {
      transport: 'websocket',
      model: 'gpt-realtime',
      config: {
        audio: { input: { turnDetection, transcription: { model: 'gpt-4o-mini-transcribe' } } },
      } as never,
    });
    this.session.on('transport_event', (event) => void this.#events.push(event as { type: string }));
    this.session.on('error', () => {});
  }

  insideTool: Call | undefined;

  static async start(
    t: TestContext,
    exports = namespace as typeof namespace,
    detection?: object,
  ): Promise<Talk> {
    const talk = new Talk(exports, detection);
    t.after(() => talk.stop());
    await talk.connect();
    return talk;
  }

  async connect(): Promise<void> {
    await this.session.connect({ apiKey: 'key', url: `${simulator.wsUrl}/v1/realtime?model=gpt-realtime` });
    await this.heard('session.updated');
  }

  async listen(): Promise<Microphone> {
    const microphone = new Microphone((mulaw) => {
      const pcm = toPcm24(mulaw);
      this.session.sendAudio(pcm.buffer.slice(pcm.byteOffset, pcm.byteOffset + pcm.length) as ArrayBuffer);
    });
    this.#microphone = microphone;
    await poll(() => microphone.seconds > 0.3);
    return microphone;
  }

  async heard(type: string, nth = 1): Promise<void> {
    await poll(() => this.#events.filter((event) => event.type === type).length >= nth, {
      what: `${nth} ${type}`,
    });
  }

  sent(type: string): RealtimeTruth[] {
    return simulator.truth.slice(this.#since).filter((event) => event.kind === 'sent' && event.type === type);
  }

  received(type: string): RealtimeTruth[] {
    return simulator.truth
      .slice(this.#since)
      .filter((event) => event.kind === 'received' && event.event.type === type);
  }

  stop(): void {
    this.#microphone?.stop();
    this.session.close();
  }

  /** Hangs up, and gives what was recorded. */
  async hangUp(call?: Call): Promise<Story> {
    this.stop();
    await poll(() => simulator.truth.slice(this.#since).some(({ kind }) => kind === 'closed'));
    call?.end();
    await poll(() => this.insideTool === undefined || this.insideTool.ended || call !== undefined);
    return new Story(takeFacts());
  }
}

for (const { name, exports } of BUILDS) {
  it(`${name}: a question, a tool and the answer are a turn of a call of the session's own`, async (t) => {
    takeFacts();
    const talk = await Talk.start(t, exports);
    const spoken = await (await talk.listen()).say('hours-question');
    await talk.heard('response.done', 2);
    const story = await talk.hangUp();
    assert.equal(story.calls.length, 1);
    assert.equal(talk.insideTool?.id, story.calls[0]?.callId);
    const [turn, ...more] = story.turns;
    assert.deepEqual(more, []);
    assert.equal(turn?.eouSource, 'vad');
    assertNear(turn.speechEndedUs, spoken.endedMicros, spoken.lateMicros);
    const [asking, answering] = story.stages('llm');
    assert.deepEqual(asking?.finishReasons, ['tool_calls']);
    assert.equal(answering?.model, 'gpt-realtime');
    assertNear(answering.startUs, talk.received('response.create')[0]?.atMicros);
    assertNear(answering.firstByteUs, talk.sent('response.output_audio.delta')[0]?.atMicros);
    assert.ok((answering.usage?.outputAudioTokens ?? 0) > 0);
    const [tool] = story.stages('tool');
    assert.equal(tool?.toolName, 'get_opening_hours');
    assert.ok(tool.endUs - tool.startUs >= 95_000);
    const [transcription] = story.stages('stt');
    assert.equal(transcription?.model, 'gpt-4o-mini-transcribe');
    assert.ok((transcription.usage?.audioSeconds ?? 0) > 1, 'what is priced by the minute tells its length');
    const [playback] = story.stages('playback');
    assert.equal(playback?.playbackSource, 'estimated');
    assert.equal(playback.startUs, answering.firstByteUs);
  });
}

describe('a session of agents', () => {
  it('is silenced by a user who talks over it', async (t) => {
    takeFacts();
    const call = new Call();
    const talk = await call.run(() => Talk.start(t));
    const microphone = await talk.listen();
    await microphone.say('menu-question');
    await talk.heard('response.done');
    const barge = await microphone.say('menu-barge-in');
    await talk.heard('response.done', 2);
    const story = await talk.hangUp(call);
    assert.deepEqual(
      story.turns.map(({ interrupted }) => interrupted),
      [true, false],
    );
    assertNear(story.turns[1]?.speechStartedUs, barge.startedMicros, barge.lateMicros);
    assertNear(
      story.stages('playback', 0).at(-1)?.endUs,
      talk.sent('input_audio_buffer.speech_started')[1]?.atMicros,
    );
  });

  it('is silenced by the application, which is not a barge-in', async (t) => {
    takeFacts();
    const call = new Call();
    const talk = await call.run(() => Talk.start(t));
    await (await talk.listen()).say('menu-question');
    await talk.heard('response.output_audio.delta', 4);
    talk.session.interrupt();
    await talk.heard('response.done');
    const story = await talk.hangUp(call);
    assert.equal(story.turns[0]?.interrupted, false);
    assert.equal(story.stages('llm')[0]?.cancelled, true);
    assertNear(story.stages('playback').at(-1)?.endUs, talk.received('response.cancel')[0]?.atMicros);
  });

  it('is the same call when its connection broke and it was connected again', async (t) => {
    takeFacts();
    simulator.faults.next({ kind: 'cut', afterChunks: 5 });
    const talk = await Talk.start(t);
    talk.session.transport.requestResponse?.();
    await poll(() => talk.session.transport.status === 'disconnected');
    await talk.connect();
    await (await talk.listen()).say('hours-question');
    await talk.heard('response.done', 1);
    await poll(() => talk.insideTool);
    await poll(() => talk.sent('response.done').length >= 2);
    const story = await talk.hangUp();
    assert.equal(story.calls.length, 1);
    assert.equal(story.stages('llm')[0]?.errorType, 'connection_lost');
    assert.equal(story.calls[0]?.endReason, 'connection_closed');
  });
});
