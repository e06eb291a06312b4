import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { after, before, describe, it } from 'node:test';
import { context } from '@opentelemetry/api';
import type { StreamingTranscriber, StreamingTranscriberParams, TurnEvent } from 'assemblyai';
import * as namespace from 'assemblyai';
import * as streaming from 'assemblyai/streaming';
import * as oldest from 'assemblyai-oldest';
import { Call } from '../../../instrumentation/call/call.ts';
import { nowUs } from '../../../instrumentation/call/clock.ts';
import { activeCall, withReportedStages } from '../../../instrumentation/call/scope.ts';
import { instrumentAssemblyAI } from '../../../instrumentation/instrument.ts';
import { patchAssemblyAi } from '../../../instrumentation/sdks/assemblyai/assemblyai.ts';
import type { Fact } from '../../../model/facts.ts';
import { FRAME_BYTES, MULAW_SILENCE } from '../../support/audio.ts';
import { audioSecondsOf, callsOf, stagesOf, turnsOf } from '../../support/facts.ts';
import { poll } from '../../support/poll.ts';
import { type AssemblyAiSimulator, startAssemblyAiSimulator } from '../../support/simulators/assemblyai.ts';
import { recordSpans, takeFacts } from '../../support/spans.ts';
import { utterance } from '../../support/speech.ts';
import { trust } from '../../support/trust.ts';

type Params = Partial<StreamingTranscriberParams>;
type Make = (params: StreamingTranscriberParams) => StreamingTranscriber;

const require = createRequire(import.meta.url);
const commonJs = require('assemblyai') as typeof namespace;
const commonJsStreaming = require('assemblyai/streaming') as typeof streaming;
const oldestCommonJs = require('assemblyai-oldest') as typeof oldest;
const client = new oldestCommonJs.AssemblyAI({ apiKey: 'key' });
const MODULES = [namespace, commonJs, streaming, commonJsStreaming, oldest];
/** What lets an application make a transcriber. */
const BUILDS: readonly { readonly name: string; readonly make: Make }[] = [
  { name: 'assemblyai from ESM', make: (params) => new namespace.StreamingTranscriber(params) },
  { name: 'assemblyai from CommonJS', make: (params) => new commonJs.StreamingTranscriber(params) },
  { name: 'assemblyai/streaming from ESM', make: (params) => new streaming.StreamingTranscriber(params) },
  {
    name: 'assemblyai/streaming from CommonJS',
    make: (params) => new commonJsStreaming.StreamingTranscriber(params),
  },
  {
    name: 'the oldest assemblyai from ESM',
    make: (params) => new oldest.StreamingTranscriber(params as never) as never,
  },
  {
    name: 'a client of the oldest assemblyai from CommonJS',
    make: (params) => client.streaming.transcriber(params as never) as never,
  },
];
const SPOKEN = utterance('hours-question');
/** What stands for a frame of 20 ms. */
const FRAME_MS = 20;

let simulator: AssemblyAiSimulator;
before(async () => {
  recordSpans();
  for (const module of MODULES) patchAssemblyAi(module);
  instrumentAssemblyAI(client);
  simulator = await startAssemblyAiSimulator();
  trust(simulator.caPath);
});
after(() => simulator.close());

/** A transcriber of 16-bit audio at 8 kHz that tries once. */
const transcriber = (make: Make, params: Params = {}): StreamingTranscriber =>
  make({
    apiKey: 'key',
    websocketBaseUrl: simulator.wsUrl,
    sampleRate: 8_000,
    speechModel: 'universal-streaming-english',
    maxConnectionRetries: 0,
    // Its own second is short for a busy machine.
    connectTimeout: 60_000,
    ...params,
  });

interface Spoken {
  /** When the first byte was spoken. */
  readonly startUs: number;
  /** By how much the latest frame was late: what it carried was, for a listener, spoken so much later. */
  readonly lateUs: number;
}

/** Gives audio to `send` at the pace of speech, in frames of 20 ms, until that says `false`. */
async function speak<Audio extends Int16Array | Uint8Array>(
  audio: Audio,
  send: (frame: Audio) => unknown,
): Promise<Spoken> {
  const startMs = performance.now();
  const startUs = nowUs();
  let lateUs = 0;
  for (let i = 0; i * FRAME_BYTES < audio.length; i++) {
    // The frame is sent when the last of it has been spoken.
    const dueMs = startMs + (i + 1) * FRAME_MS;
    await new Promise((resolve) => setTimeout(resolve, dueMs - performance.now()));
    lateUs = Math.max(lateUs, (performance.now() - dueMs) * 1_000);
    if (send(audio.slice(i * FRAME_BYTES, (i + 1) * FRAME_BYTES) as Audio) === false) break;
  }
  return { startUs, lateUs };
}

const silence = (seconds: number): Int16Array => new Int16Array(seconds * 8_000);
const to =
  (session: StreamingTranscriber) =>
  (frame: { buffer: ArrayBufferLike }): void =>
    session.sendAudio(frame.buffer);
/** The same for a session that breaks: says whether it was sent. */
const untilClosed =
  (session: StreamingTranscriber) =>
  (frame: { buffer: ArrayBufferLike }): boolean => {
    try {
      session.sendAudio(frame.buffer);
      return true;
    } catch {
      return false;
    }
  };
/** Sends what was said, and the silence that ends the turn. */
async function say(session: StreamingTranscriber): Promise<Spoken> {
  const spoken = await speak(SPOKEN.samples, to(session));
  await speak(silence(0.6), to(session));
  return spoken;
}

/** What the simulator reported of the sessions that ended in good order, in seconds. */
const billed = (): number[] =>
  simulator.truth.flatMap((event) =>
    event.kind === 'sent' && event.message.type === 'Termination'
      ? [event.message.session_duration_seconds]
      : [],
  );

const factsOf = ({ id }: Call): Fact[] => takeFacts().filter(({ callId }) => callId === id);

for (const { name, make } of BUILDS) {
  describe(name, () => {
    it('tells when the user spoke, from the audio and not from when messages came', async () => {
      const call = new Call();
      takeFacts();
      const seen: { active: boolean; turn: boolean }[] = [];
      const session = transcriber(make);
      session.on('turn', ({ end_of_turn }) => {
        if (end_of_turn) seen.push({ active: activeCall() === call, turn: call.turn !== undefined });
      });
      const begin = await call.run(() => session.connect());
      assert.equal(begin.type, 'Begin');
      const { startUs, lateUs } = await say(session);
      await poll(() => seen.length > 0);
      await session.close();
      call.end();
      assert.deepEqual(seen, [{ active: true, turn: true }]);

      const facts = factsOf(call);
      const [turn, ...others] = turnsOf(facts);
      assert.deepEqual(others, []);
      assert.ok(turn?.speechStartedUs && turn.speechEndedUs && turn.committedUs);
      const speechStartUs = startUs + SPOKEN.speechStartSeconds * 1e6;
      const speechEndUs = startUs + SPOKEN.speechEndSeconds * 1e6;
      assert.ok(Math.abs(turn.speechStartedUs - speechStartUs) < 20_000 + lateUs);
      assert.ok(Math.abs(turn.speechEndedUs - speechEndUs) < 20_000 + lateUs);
      assert.equal(turn.eouSource, 'stt_word_end');
      const turns = simulator.truth.filter(
        (event) => event.kind === 'sent' && event.atMicros > startUs && event.message.type === 'Turn',
      );
      const [firstSent, lastSent] = [turns.at(0)?.atMicros ?? 0, turns.at(-1)?.atMicros ?? 0];
      assert.ok(Math.abs(turn.committedUs - lastSent) < 20_000 + lateUs);

      const [spoken, rest, ...stages] = stagesOf(facts, 'stt');
      assert.deepEqual(stages, []);
      assert.equal(spoken?.turnIndex, 0);
      assert.equal(spoken.provider, 'assemblyai');
      assert.equal(spoken.model, 'universal-streaming-english');
      assert.equal(spoken.streaming, true);
      assert.ok(Math.abs((spoken.firstByteUs ?? 0) - firstSent) < 20_000 + lateUs);
      assert.equal(rest?.turnIndex, undefined);
      assert.equal(audioSecondsOf([spoken, ...(rest ? [rest] : [])]), billed().at(-1));
    });

    it('leaves the application its own errors', async () => {
      const session = transcriber(make);
      assert.throws(() => session.sendAudio(silence(0.02).buffer as ArrayBuffer), /Socket is not open/);
      const plain = transcriber(make, { websocketBaseUrl: 'ws://127.0.0.1:1' });
      await assert.rejects(async () => plain.connect(), /must be wss/);
      await session.connect();
      await assert.rejects(async () => session.connect(), /Already connected/);
      await session.close();
    });

    it('tells by what a session broke', async () => {
      const call = new Call();
      takeFacts();
      simulator.faults.next({ kind: 'close', code: 3008, afterMessages: 1 });
      const session = transcriber(make);
      const codes: number[] = [];
      session.on('close', (code) => codes.push(code));
      await call.run(() => session.connect());
      await speak(SPOKEN.samples, untilClosed(session));
      await poll(() => codes.length > 0);
      assert.deepEqual(codes, [3008]);
      call.end();
      const facts = factsOf(call);
      assert.deepEqual(
        stagesOf(facts, 'stt').map(({ errorType }) => errorType),
        ['3008'],
      );
    });
  });
}

describe('a session of AssemblyAI', () => {
  const { make } = BUILDS[0] as (typeof BUILDS)[0];

  it('opens a call of its own when there is none, and ends it when it closes', async () => {
    takeFacts();
    const session = transcriber(make);
    let inside: Call | undefined;
    session.on('open', () => {
      inside = activeCall();
    });
    await session.connect();
    await speak(silence(0.1), to(session));
    assert.equal(activeCall(), undefined);
    await session.close();
    assert.equal(inside?.ended, true);
    const call = callsOf(takeFacts())[0];
    assert.equal(call?.callId, inside.id);
    assert.equal(call.endReason, 'connection_closed');
  });

  it('counts a turn once that comes again formatted', async () => {
    const call = new Call();
    takeFacts();
    const session = transcriber(make, { formatTurns: true });
    const ends: TurnEvent[] = [];
    session.on('turn', (turn) => {
      if (turn.end_of_turn) ends.push(turn);
    });
    await call.run(() => session.connect());
    await say(session);
    await poll(() => ends.length === 2);
    assert.deepEqual(
      ends.map(({ turn_is_formatted }) => turn_is_formatted),
      [false, true],
    );
    assert.equal(call.turn?.userText, ends[0]?.transcript);
    await session.close();
    call.end();
    const facts = factsOf(call);
    assert.equal(turnsOf(facts).length, 1);
    assert.equal(stagesOf(facts, 'stt').filter(({ turnIndex }) => turnIndex === 0).length, 1);
  });

  it('accepts what the application ends with forceEndpoint', async () => {
    const call = new Call();
    takeFacts();
    const session = transcriber(make, { minTurnSilence: 5_000 });
    await call.run(() => session.connect());
    await speak(SPOKEN.samples, to(session));
    const forcedUs = nowUs();
    session.updateConfiguration({ vad_threshold: 0.5 });
    session.forceEndpoint();
    await poll(() => call.turn?.userText);
    await session.close();
    call.end();
    const [turn] = turnsOf(factsOf(call));
    assert.ok(turn?.committedUs && turn.committedUs > forcedUs);
  });

  it('reads mulaw from a stream, with a temporary token', async () => {
    const call = new Call();
    takeFacts();
    const session = make({
      token: 'temporary',
      websocketBaseUrl: simulator.wsUrl,
      sampleRate: 8_000,
      encoding: 'pcm_mulaw',
    });
    await call.run(() => session.connect());
    const writer = session.stream().getWriter();
    const { startUs, lateUs } = await speak(SPOKEN.mulaw, (frame) => void writer.write(frame.buffer));
    await speak(new Uint8Array(4_800).fill(MULAW_SILENCE), (frame) => void writer.write(frame.buffer));
    await poll(() => call.turn?.userText);
    await session.close();
    call.end();
    const facts = factsOf(call);
    const speechEndUs = startUs + SPOKEN.speechEndSeconds * 1e6;
    assert.ok(Math.abs((turnsOf(facts)[0]?.speechEndedUs ?? 0) - speechEndUs) < 20_000 + lateUs);
    assert.equal(stagesOf(facts, 'stt')[0]?.model, undefined);
    const opened = simulator.truth.findLast((event) => event.kind === 'opened');
    assert.equal(opened?.kind === 'opened' && opened.authorization, undefined);
  });

  it('counts what was sent of two channels: their mix', async () => {
    const call = new Call();
    takeFacts();
    const session = transcriber(make, { channels: [{ name: 'caller' }, { name: 'agent' }] });
    await call.run(() => session.connect());
    await speak(silence(0.3), (frame) => {
      session.sendAudio(frame.buffer as ArrayBuffer, { channel: 'caller' });
      session.sendAudio(frame.buffer as ArrayBuffer, { channel: 'agent' });
    });
    await session.close(false);
    await poll(() => simulator.truth.at(-1)?.kind === 'closed');
    const [spoken] = await poll(() => {
      const facts = stagesOf(factsOf(call), 'stt');
      return facts.length > 0 && facts;
    });
    call.end();
    const closed = simulator.truth.findLast((event) => event.kind === 'closed');
    assert.ok(spoken?.usage?.audioSeconds && closed?.kind === 'closed');
    assert.ok(spoken.usage.audioSeconds >= closed.audioSeconds);
  });

  it('keeps two calls apart', async () => {
    takeFacts();
    const calls = [new Call(), new Call()];
    const seen = new Map<string | undefined, number>();
    const talk = async (call: Call, audio: Int16Array): Promise<number | undefined> => {
      const session = transcriber(make);
      session.on('turn', () => seen.set(activeCall()?.id, (seen.get(activeCall()?.id) ?? 0) + 1));
      await call.run(() => session.connect());
      await speak(audio, to(session));
      await speak(silence(0.6), to(session));
      const before = billed().length;
      await session.close();
      call.end();
      return billed()[before];
    };
    const [first, second] = calls as [Call, Call];
    const seconds = await Promise.all([talk(first, SPOKEN.samples), talk(second, silence(0.2))]);
    const facts = takeFacts();
    assert.deepEqual(
      turnsOf(facts).map(({ callId }) => callId),
      [first.id],
    );
    assert.deepEqual([...seen.keys()], [first.id]);
    assert.deepEqual(
      calls.map(({ id }) => audioSecondsOf(stagesOf(facts, 'stt').filter(({ callId }) => callId === id))),
      seconds,
    );
  });

  it('counts the audio of the next session of a call from zero', async () => {
    const call = new Call();
    takeFacts();
    const before = billed().length;
    const first = transcriber(make);
    await call.run(() => first.connect());
    await speak(silence(0.3), to(first));
    await first.close();
    const second = transcriber(make);
    await call.run(() => second.connect());
    const { startUs, lateUs } = await say(second);
    await poll(() => call.turn?.userText);
    await second.close();
    call.end();
    const facts = factsOf(call);
    const speechEndUs = startUs + SPOKEN.speechEndSeconds * 1e6;
    assert.ok(Math.abs((turnsOf(facts)[0]?.speechEndedUs ?? 0) - speechEndUs) < 20_000 + lateUs);
    const total = billed()
      .slice(before)
      .reduce((sum, seconds) => sum + seconds * 1e6, 0);
    assert.equal(audioSecondsOf(stagesOf(facts, 'stt')), Math.round(total) / 1e6);
  });

  it('gives what was understood when the connection breaks in the middle', async () => {
    const call = new Call();
    takeFacts();
    simulator.faults.next({ kind: 'cut', afterChunks: 4 });
    const session = transcriber(make);
    let gone = false;
    session.on('close', () => {
      gone = true;
    });
    await call.run(() => session.connect());
    let bytes = 0;
    const send = untilClosed(session);
    await speak(SPOKEN.samples, (frame) => {
      const sent = send(frame);
      if (sent) bytes += frame.byteLength;
      return sent;
    });
    await poll(() => gone);
    assert.notEqual(call.turn?.userText, undefined);
    call.end();
    const stt = stagesOf(factsOf(call), 'stt');
    assert.deepEqual(
      stt.map(({ turnIndex, cancelled, errorType }) => [turnIndex, cancelled, errorType]),
      [
        [0, true, undefined],
        [undefined, undefined, 'connection_closed'],
      ],
    );
    assert.equal(audioSecondsOf(stt), bytes / 16_000);
  });

  it('fails when it is refused, once for each time that the SDK tries', async () => {
    const call = new Call();
    takeFacts();
    simulator.faults.next({ kind: 'status', status: 429 }, { kind: 'close', code: 4029, afterMessages: 0 });
    const session = transcriber(make, { maxConnectionRetries: 1, connectionRetryDelay: 1 });
    await assert.rejects(() => call.run(() => session.connect()), { message: 'Rate limited' });
    simulator.faults.next({ kind: 'delay', ms: 200 });
    const slow = transcriber(make, { connectTimeout: 20 });
    await assert.rejects(() => call.run(() => slow.connect()), /timed out/);
    call.end();
    assert.deepEqual(
      stagesOf(factsOf(call), 'stt').map(({ errorType, usage }) => [errorType, usage?.audioSeconds]),
      [
        ['429', undefined],
        ['4029', undefined],
        ['StreamingError', undefined],
      ],
    );
  });

  it('is left to a framework that reports it itself', async () => {
    const call = new Call();
    takeFacts();
    const session = transcriber(make);
    await context.with(withReportedStages(call.context), () => session.connect());
    await speak(silence(0.1), to(session));
    await session.close();
    call.end();
    assert.deepEqual(stagesOf(factsOf(call), 'stt'), []);
  });

  it('is nothing to tell of when it is refused outside of any call', async () => {
    takeFacts();
    simulator.faults.next({ kind: 'status', status: 401 });
    await assert.rejects(transcriber(make).connect(), /401/);
    assert.deepEqual(takeFacts(), []);
  });
});
