import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { after, before, beforeEach, describe, it } from 'node:test';
import * as newest from '@google/genai';
import * as oldest from '@google/genai-oldest';
import { context } from '@opentelemetry/api';
import { suppressTracing } from '@opentelemetry/core';
import { Call } from '../../../instrumentation/call/call.ts';
import { nowUs } from '../../../instrumentation/call/clock.ts';
import { activeCall } from '../../../instrumentation/call/scope.ts';
import { patchGenai } from '../../../instrumentation/sdks/genai/genai.ts';
import type { Fact, StageFact } from '../../../model/facts.ts';
import type { StageKind } from '../../../model/vocabulary.ts';
import { callsOf, stagesOf, turnsOf } from '../../support/facts.ts';
import { assertNear } from '../../support/near.ts';
import { poll } from '../../support/poll.ts';
import {
  type GeminiLiveSimulator,
  type LiveOptions,
  startGeminiLiveSimulator,
} from '../../support/simulators/gemini-live.ts';
import { recordSpans, takeFacts } from '../../support/spans.ts';

type Sdk = typeof newest;
type Message = newest.LiveServerMessage;
const require = createRequire(import.meta.url);
const MODEL = 'gemini-live-2.5-flash';
const BUILDS: readonly { name: string; sdk: Sdk }[] = [
  { name: '@google/genai, newest, from ESM', sdk: newest },
  { name: '@google/genai, newest, from CommonJS', sdk: require('@google/genai') },
  { name: '@google/genai, oldest', sdk: oldest as unknown as Sdk },
];
const FRAME_MS = 20;
const FRAME_BYTES = 640;

let simulator: GeminiLiveSimulator;
before(async () => {
  recordSpans();
  for (const { sdk } of BUILDS) patchGenai(sdk);
  simulator = await startGeminiLiveSimulator();
});
after(() => simulator.close());
beforeEach(() => void takeFacts());

/** A live session with a microphone: 20 ms of audio at a time, at the pace of speech, silence unless someone speaks. */
class Talk {
  readonly messages: Message[] = [];
  readonly session: newest.Session;
  readonly closed: Promise<unknown>;
  readonly #timer: NodeJS.Timeout;
  #speaking = 0;
  #frames = 0;
  #lateUs = 0;
  #spoken: { startUs: number; endUs: number; lateUs: number } | undefined;
  #done: (() => void) | undefined;
  readonly #startMs = performance.now();

  private constructor(session: newest.Session, messages: Message[], closed: Promise<unknown>) {
    this.session = session;
    this.messages = messages;
    this.closed = closed;
    this.#timer = setInterval(() => this.#frame(), FRAME_MS / 4);
  }

  static async open(sdk: Sdk, config: newest.LiveConnectConfig = {}): Promise<Talk> {
    const client = new sdk.GoogleGenAI({ apiKey: 'key', httpOptions: { baseUrl: simulator.url } });
    const messages: Message[] = [];
    let close = (_: unknown): void => {};
    const closed = new Promise((resolve) => {
      close = resolve;
    });
    const session = await client.live.connect({
      model: MODEL,
      config: { responseModalities: [sdk.Modality.AUDIO], inputAudioTranscription: {}, ...config },
      callbacks: { onmessage: (message) => void messages.push(message), onclose: close },
    });
    return new Talk(session, messages, closed);
  }

  /** Speaks for so long; gives when, in microseconds, and by how much the latest frame so far was late. */
  async speak(ms: number): Promise<{ startUs: number; endUs: number; lateUs: number }> {
    this.#speaking = ms / FRAME_MS;
    this.#spoken = undefined;
    await new Promise<void>((resolve) => {
      this.#done = resolve;
    });
    assert.ok(this.#spoken);
    return this.#spoken;
  }

  async says(look: (message: Message) => unknown, count = 1): Promise<void> {
    await poll(() => this.messages.filter(look).length >= count, { what: look.toString() });
  }

  completes = (count = 1): Promise<void> =>
    this.says((message) => message.serverContent?.turnComplete, count);

  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.session.close();
    await this.closed;
  }

  #frame(): void {
    while (performance.now() - this.#startMs >= (this.#frames + 1) * FRAME_MS) {
      // The frame is sent when the last of it has been spoken.
      const lateMs = performance.now() - this.#startMs - (this.#frames + 1) * FRAME_MS;
      this.#lateUs = Math.max(this.#lateUs, lateMs * 1_000);
      this.#frames++;
      const loud = this.#speaking > 0;
      const data = Buffer.alloc(FRAME_BYTES, loud ? Buffer.from([0xe8, 0x03]) : 0).toString('base64');
      this.session.sendRealtimeInput({ audio: { data, mimeType: 'audio/pcm;rate=16000' } });
      if (!loud) continue;
      const endUs = nowUs() - lateMs * 1_000;
      this.#spoken ??= { startUs: endUs - FRAME_MS * 1_000, endUs, lateUs: 0 };
      this.#spoken.endUs = endUs;
      this.#spoken.lateUs = this.#lateUs;
      this.#speaking -= 1;
      if (this.#speaking <= 0) this.#done?.();
    }
  }
}

const behave = (options: Partial<LiveOptions>): void =>
  simulator.behave({
    heard: ['Can I book a table?'],
    answers: [{ text: 'Of course.', seconds: 0.4 }],
    ...options,
  });
const stages = (facts: readonly Fact[], kind: StageKind): StageFact[] =>
  stagesOf(facts, kind).sort((a, b) => a.startUs - b.startUs);
const truth = (kind: string): number | undefined =>
  simulator.truth.findLast((event) => event.kind === kind)?.atMicros;
for (const { name, sdk } of BUILDS) {
  describe(`live with ${name}`, () => {
    it('gives a turn with the silence that the user heard, when voice activity is told', async () => {
      behave({ voiceActivity: true });
      const talk = await Talk.open(sdk);
      const spoken = await talk.speak(600);
      await talk.completes();
      await talk.close();
      const facts = takeFacts();
      const [turn, ...others] = turnsOf(facts);
      assert.deepEqual(others, []);
      assert.equal(turn?.initiator, 'user');
      assert.equal(turn.eouSource, 'vad');
      assertNear(turn.speechStartedUs, spoken.startUs, spoken.lateUs);
      assertNear(turn.speechEndedUs, spoken.endUs, spoken.lateUs);
      assertNear(turn.committedUs, truth('speech_ended'));
      const [llm, ...more] = stages(facts, 'llm');
      assert.deepEqual(more, []);
      assert.equal(llm?.provider, 'gcp.gemini');
      assert.equal(llm.model, MODEL);
      assert.deepEqual(llm.finishReasons, ['stop']);
      assert.deepEqual(llm.usage, {
        inputTokens: 40,
        inputAudioTokens: 30,
        outputTokens: 10,
        outputAudioTokens: 10,
      });
      assertNear(llm.startUs, truth('asked'));
      assertNear(llm.firstByteUs, truth('first_audio'));
      const [stt] = stages(facts, 'stt');
      assert.equal(stt?.provider, 'gcp.gemini');
      const [playback] = stages(facts, 'playback');
      assert.equal(playback?.playbackSource, 'estimated');
      assertNear(playback.startUs, truth('first_audio'));
      assertNear(playback.endUs, (truth('first_audio') ?? 0) + 400_000);
      assert.deepEqual(
        callsOf(facts).map(({ callId, endReason }) => [callId === turn.callId, endReason]),
        [[true, 'connection_closed']],
      );
    });

    it('interrupts the answer that is talked over', async () => {
      behave({
        voiceActivity: true,
        heard: ['The menu?', 'Wait.'],
        answers: [
          { text: 'Today we have a lot.', seconds: 6 },
          { text: 'Yes?', seconds: 0.2 },
        ],
      });
      const talk = await Talk.open(sdk);
      await talk.speak(400);
      await talk.says((message) => message.serverContent?.outputTranscription);
      // The agent has been heard for a while.
      await poll(() => nowUs() - (truth('first_audio') ?? 0) > 300_000);
      const over = await talk.speak(400);
      await talk.completes(2);
      await talk.close();
      const facts = takeFacts();
      assert.deepEqual(
        turnsOf(facts).map(({ initiator, interrupted }) => [initiator, interrupted]),
        [
          ['user', true],
          ['user', false],
        ],
      );
      assertNear(turnsOf(facts)[1]?.speechStartedUs, over.startUs, over.lateUs);
      assert.deepEqual(
        stages(facts, 'llm').map(({ cancelled, turnIndex }) => [cancelled, turnIndex]),
        [
          [true, 0],
          [undefined, 1],
        ],
      );
      const [cut, whole] = stages(facts, 'playback');
      assert.equal(cut?.cancelled, true);
      assertNear(cut.endUs, truth('interrupted'));
      assert.equal(whole?.cancelled, undefined);
    });

    it('takes the end of speech from the words of the transcript, and then knows no first byte', async () => {
      behave({});
      const talk = await Talk.open(sdk, { inputAudioTranscription: { wordTimestamp: true } as object });
      const spoken = await talk.speak(600);
      await talk.completes();
      await talk.close();
      const facts = takeFacts();
      const [turn] = turnsOf(facts);
      assert.equal(turn?.eouSource, 'stt_word_end');
      assertNear(turn.speechEndedUs, spoken.endUs, spoken.lateUs);
      const [llm] = stages(facts, 'llm');
      assert.equal(llm?.firstByteUs, undefined);
      assert.equal(llm?.usage?.outputTokens, 10);
    });

    it('sees from the transcript who talked over the answer', async () => {
      behave({
        heard: ['The menu?', 'Wait.'],
        answers: [
          { text: 'Today we have a lot.', seconds: 6 },
          { text: 'Yes?', seconds: 0.2 },
        ],
      });
      const talk = await Talk.open(sdk);
      await talk.speak(400);
      await talk.says((message) => message.serverContent?.outputTranscription);
      await poll(() => nowUs() - (truth('first_audio') ?? 0) > 300_000);
      const over = await talk.speak(300);
      await talk.completes(2);
      await talk.close();
      const [first, second] = turnsOf(takeFacts());
      assert.equal(first?.interrupted, true);
      assert.equal(second?.interrupted, false);
      assertNear(second.speechEndedUs, over.endUs, over.lateUs);
    });

    it('is honest where nothing tells that the user spoke', async () => {
      behave({ heard: [] });
      const talk = await Talk.open(sdk);
      await talk.speak(300);
      await talk.completes();
      await talk.close();
      const [turn] = turnsOf(takeFacts());
      assert.equal(turn?.initiator, 'agent');
      assert.equal(turn.reportedEouLatencySeconds, undefined);
    });

    it('believes the application that detects speech itself', async () => {
      behave({});
      const talk = await Talk.open(sdk, {
        realtimeInputConfig: { automaticActivityDetection: { disabled: true } },
      });
      talk.session.sendRealtimeInput({ activityStart: {} });
      await talk.speak(400);
      const endUs = nowUs();
      talk.session.sendRealtimeInput({ activityEnd: {} });
      await talk.completes();
      await talk.close();
      const facts = takeFacts();
      const [turn] = turnsOf(facts);
      assert.equal(turn?.eouSource, 'vad');
      assertNear(turn.speechEndedUs, endUs);
      assertNear(stages(facts, 'llm')[0]?.firstByteUs, truth('first_audio'));
    });

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
