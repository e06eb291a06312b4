import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { after, before, describe, it } from 'node:test';
import * as namespace from '@elevenlabs/elevenlabs-js';
import {
  AudioFormat,
  CommitStrategy,
  ElevenLabsClient,
  type RealtimeConnection,
  RealtimeEvents,
} from '@elevenlabs/elevenlabs-js';
import { FRAME_BYTES, MULAW_SILENCE } from '../../../demo/audio.ts';
import { utterance } from '../../../demo/speech.ts';
import { Call } from '../../../instrumentation/call/call.ts';
import { nowUs } from '../../../instrumentation/call/clock.ts';
import { activeCall } from '../../../instrumentation/call/scope.ts';
import { patchElevenLabs } from '../../../instrumentation/sdks/elevenlabs/elevenlabs.ts';
import type { Fact } from '../../../model/facts.ts';
import { audioSecondsOf, callsOf, stagesOf, turnsOf } from '../../support/facts.ts';
import { assertNear } from '../../support/near.ts';
import { poll } from '../../support/poll.ts';
import { type ElevenLabsSimulator, startElevenLabsSimulator } from '../../support/simulators/elevenlabs.ts';
import { recordSpans, takeFacts } from '../../support/spans.ts';

const SPOKEN = utterance('hours-question');
const OPTIONS = {
  modelId: 'scribe_v2_realtime',
  audioFormat: AudioFormat.ULAW_8000,
  sampleRate: 8_000,
  commitStrategy: CommitStrategy.VAD,
  vadSilenceThresholdSecs: 0.4,
};

let simulator: ElevenLabsSimulator;
before(async () => {
  recordSpans();
  for (const exports of [namespace, createRequire(import.meta.url)('@elevenlabs/elevenlabs-js')])
    patchElevenLabs(exports);
  simulator = await startElevenLabsSimulator();
});
after(() => simulator.close());

async function connect(options: object = {}): Promise<RealtimeConnection> {
  const client = new ElevenLabsClient({ apiKey: 'key', baseUrl: simulator.url });
  const connection = await client.speechToText.realtime.connect({ ...OPTIONS, ...options });
  await new Promise<void>((resolve) => connection.on(RealtimeEvents.SESSION_STARTED, () => resolve()));
  return connection;
}

/**
 * Sends audio at the pace of speech; gives the instant, in microseconds, when its first byte was spoken, and by how much
 * the latest frame was late: what it carried was, for a listener, spoken so much later.
 */
async function speak(
  connection: RealtimeConnection,
  audio: Uint8Array,
): Promise<{ startUs: number; lateUs: number }> {
  const startMs = performance.now();
  const startUs = nowUs();
  let lateUs = 0;
  for (let at = 0; at < audio.length; at += FRAME_BYTES) {
    // The frame is sent when the last of it has been spoken.
    const dueMs = startMs + (at + FRAME_BYTES) / 8;
    await new Promise((resolve) => setTimeout(resolve, dueMs - performance.now()));
    lateUs = Math.max(lateUs, (performance.now() - dueMs) * 1_000);
    connection.send({ audioBase64: Buffer.from(audio.subarray(at, at + FRAME_BYTES)).toString('base64') });
  }
  return { startUs, lateUs };
}

const silence = (seconds: number): Uint8Array => new Uint8Array(seconds * 8_000).fill(MULAW_SILENCE);
const SECONDS = (SPOKEN.mulaw.length + silence(0.8).length) / 8_000;

/** Says the utterance and waits for it to be committed; gives when it was spoken, and the facts of the call. */
async function sayOnce(options: object, { commit = false } = {}) {
  const call = new Call();
  takeFacts();
  const connection = await call.run(() => connect(options));
  const heard: { event: string; call: string | undefined }[] = [];
  for (const event of [
    RealtimeEvents.COMMITTED_TRANSCRIPT,
    RealtimeEvents.COMMITTED_TRANSCRIPT_WITH_TIMESTAMPS,
  ])
    connection.on(event, () => heard.push({ event, call: activeCall()?.id }));
  const spoken = await speak(connection, SPOKEN.mulaw);
  const committedUs = nowUs();
  if (commit) connection.commit();
  await speak(connection, silence(0.8));
  await poll(() => heard.length === ('includeTimestamps' in options ? 2 : 1));
  connection.close();
  await poll(() => simulator.truth.at(-1)?.kind === 'closed');
  const open = call.turn !== undefined;
  call.end();
  const facts = takeFacts();
  const turn = turnsOf(facts)[0];
  assert.ok(turn);
  assert.deepEqual(new Set(heard.map((each) => each.call)), new Set([call.id]), 'handlers run in the call');
  assert.equal(open, true, 'the turn waits for its answer');
  return { ...spoken, asked: committedUs, turn, stt: stagesOf(facts, 'stt'), call };
}

describe('realtime transcription', { concurrency: false }, () => {
  it('tells when the user spoke by where the words lie in the audio', async () => {
    const { startUs, lateUs, turn, stt, call } = await sayOnce({ includeTimestamps: true });
    assert.ok(turn.speechStartedUs && turn.speechEndedUs && turn.committedUs);
    assertNear(turn.speechStartedUs, startUs + SPOKEN.speechStartSeconds * 1e6, lateUs);
    assertNear(turn.speechEndedUs, startUs + SPOKEN.speechEndSeconds * 1e6, lateUs);
    assert.equal(turn.eouSource, 'stt_word_end');
    assert.ok(turn.committedUs > turn.speechEndedUs);
    const [spoken, rest, ...others] = stt;
    assert.deepEqual(others, []);
    assert.equal(spoken?.callId, call.id);
    assert.equal(spoken.turnIndex, 0);
    assert.equal(spoken.provider, 'elevenlabs');
    assert.equal(spoken.model, 'scribe_v2_realtime');
    assert.equal(spoken.streaming, true);
    const partial = simulator.truth.find(
      (event) =>
        event.kind === 'transcript' &&
        event.message.message_type === 'partial_transcript' &&
        event.atMicros > startUs,
    );
    assertNear(spoken.firstByteUs, partial?.atMicros);
    assert.equal(rest?.turnIndex, undefined);
    assert.equal(audioSecondsOf(stt), SECONDS);
  });

  it('takes off the silence that was waited for, where nothing tells where the words lie', async () => {
    const { startUs, lateUs, turn, stt } = await sayOnce({});
    assert.ok(turn.speechEndedUs && turn.committedUs);
    const late = turn.speechEndedUs - (startUs + SPOKEN.speechEndSeconds * 1e6);
    // The recogniser takes up to 70 ms, and finds the silence with the frame after it.
    assert.ok(late > -20_000 && late < 150_000 + lateUs, `${late} µs`);
    assert.equal(turn.eouSource, 'stt_event');
    // When the user began is not known: no latency is made of when we heard of it.
    assert.equal(stt[0]?.firstByteUs, undefined);
    assert.equal(audioSecondsOf(stt), SECONDS);
  });

  it('takes the end from when the application commits, where it does', async () => {
    const { asked, lateUs, turn } = await sayOnce(
      { commitStrategy: CommitStrategy.MANUAL },
      { commit: true },
    );
    assert.ok(turn.speechEndedUs && turn.committedUs);
    assertNear(turn.speechEndedUs, asked, lateUs);
    assert.ok(turn.committedUs > turn.speechEndedUs);
  });

  it('opens a call of its own when there is none, and ends it when it closes', async () => {
    takeFacts();
    const connection = await connect();
    await speak(connection, silence(0.1));
    connection.close();
    const facts: Fact[] = [];
    await poll(() => facts.push(...takeFacts()) > 0 && facts.some(({ type }) => type === 'call'));
    const call = callsOf(facts)[0];
    assert.equal(call?.endReason, 'connection_closed');
    assert.equal(audioSecondsOf(stagesOf(facts, 'stt')), 0.1);
  });

  it('carries a call over two connections, and keeps two calls at once apart', async () => {
    takeFacts();
    const calls = [new Call(), new Call()];
    await Promise.all(
      calls.map((call) =>
        call.run(async () => {
          for (let i = 0; i < 2; i++) {
            const connection = await connect();
            const closed = new Promise<void>((resolve) =>
              connection.on(RealtimeEvents.CLOSE, () => resolve()),
            );
            await speak(connection, silence(0.1));
            connection.close();
            await closed;
          }
        }),
      ),
    );
    for (const call of calls) {
      assert.equal(call.ended, false);
      call.end();
    }
    const facts = takeFacts();
    assert.equal(facts.filter(({ type }) => type === 'call').length, 2);
    for (const { id } of calls)
      assert.equal(audioSecondsOf(stagesOf(facts, 'stt').filter(({ callId }) => callId === id)), 0.2);
  });

  it('keeps what was understood when the connection breaks, and passes its errors on as they are', async () => {
    const call = new Call();
    takeFacts();
    simulator.faults.next({ kind: 'cut', afterChunks: 2 });
    const connection = await call.run(() => connect());
    let closed = false;
    connection.on(RealtimeEvents.CLOSE, () => {
      closed = true;
    });
    await assert.rejects(speak(connection, SPOKEN.mulaw), /not connected/);
    await poll(() => closed);
    call.end();
    const [spoken, rest] = stagesOf(takeFacts(), 'stt');
    assert.equal(spoken?.cancelled, true);
    assert.ok(spoken.usage?.audioSeconds);
    assert.equal(rest?.errorType, 'connection_closed');
  });

  it('says why it was refused, which the application hears as it is', async () => {
    const call = new Call();
    takeFacts();
    simulator.faults.next({ kind: 'status', status: 429 });
    const client = new ElevenLabsClient({ apiKey: 'key', baseUrl: simulator.url });
    const connection = await call.run(() => client.speechToText.realtime.connect(OPTIONS));
    let closed = false;
    connection.on(RealtimeEvents.CLOSE, () => {
      closed = true;
    });
    const error = await new Promise<unknown>((resolve) => connection.on(RealtimeEvents.ERROR, resolve));
    assert.match(String(error), /429/);
    await poll(() => closed);
    call.end();
    assert.deepEqual(
      stagesOf(takeFacts(), 'stt').map(({ errorType }) => errorType),
      ['429'],
    );
  });
});
