import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { DeepgramClient } from '@deepgram/sdk';
import { FRAME_BYTES, MULAW_SILENCE } from '../../../demo/audio.ts';
import {
  type DeepgramMessage,
  type DeepgramSimulator,
  startDeepgramSimulator,
} from '../../../demo/simulators/deepgram.ts';
import { utterance } from '../../../demo/speech.ts';
import { poll } from '../../support/poll.ts';

type Results = Extract<DeepgramMessage, { type: 'Results' }>;

const LISTEN = {
  Authorization: '',
  model: 'nova-3',
  encoding: 'mulaw',
  sample_rate: 8000,
  interim_results: 'true',
  punctuate: 'true',
  vad_events: 'true',
  endpointing: 300,
  utterance_end_ms: 1000,
  reconnectAttempts: 0,
} as const;

async function connect(simulator: DeepgramSimulator, listen: object = {}) {
  const environment = {
    base: simulator.url,
    production: simulator.wsUrl,
    agent: simulator.wsUrl,
    agentRest: simulator.url,
  };
  const client = new DeepgramClient({ apiKey: 'test', environment });
  const socket = await client.listen.v1.connect({ ...LISTEN, ...listen });
  const messages: DeepgramMessage[] = [];
  const closes: number[] = [];
  socket.on('message', (message) => messages.push(message as unknown as DeepgramMessage));
  socket.on('close', (event) => closes.push(event.code));
  socket.on('error', () => {});
  socket.connect();
  await socket.waitForOpen();
  return {
    socket,
    messages,
    closes,
    results: () => messages.filter((m): m is Results => m.type === 'Results'),
  };
}

/** The recording with silence around it, as frames. */
function frames(name: string, silenceBefore: number, silenceAfter: number): Buffer[] {
  const silence = (seconds: number): Buffer => Buffer.alloc(seconds * 8000, MULAW_SILENCE);
  const audio = Buffer.concat([silence(silenceBefore), utterance(name).mulaw, silence(silenceAfter)]);
  return Array.from({ length: Math.ceil(audio.length / FRAME_BYTES) }, (_, i) =>
    audio.subarray(i * FRAME_BYTES, (i + 1) * FRAME_BYTES),
  );
}

const words = (result: Results) => result.channel.alternatives[0]?.words ?? [];
const text = (result: Results) => result.channel.alternatives[0]?.transcript ?? '';

test('a streamed recording gives its transcript and the times of its words in the stream', async (t) => {
  const simulator = await startDeepgramSimulator({ seed: 7 });
  t.after(() => simulator.close());
  const { socket, messages, closes, results } = await connect(simulator);
  for (const frame of frames('booking-request', 0.5, 1.5)) socket.sendMedia(frame);
  await poll(() => messages.some((m) => m.type === 'UtteranceEnd'), { what: 'UtteranceEnd' });
  socket.sendCloseStream({ type: 'CloseStream' });
  await poll(() => closes.length > 0, { what: 'close' });

  const spoken = utterance('booking-request');
  const final = results().find((r) => r.speech_final);
  assert.ok(final);
  assert.equal(text(final), spoken.text);
  assert.equal(final.is_final, true);
  assert.ok(Math.abs((words(final)[0]?.start ?? 0) - (0.5 + spoken.speechStartSeconds)) < 1e-6);
  assert.ok(Math.abs((words(final).at(-1)?.end ?? 0) - (0.5 + spoken.speechEndSeconds)) < 1e-6);
  // Endpointing: the final comes with the first frame after 300 ms of silence.
  const silence = final.start + final.duration - (0.5 + spoken.speechEndSeconds);
  assert.ok(silence >= 0.3 - 1e-9 && silence <= 0.33, `${silence} s`);

  const started = messages.find((m) => m.type === 'SpeechStarted');
  assert.ok(started && Math.abs(started.timestamp - (0.5 + spoken.speechStartSeconds)) < 1e-6);
  const ended = messages.find((m) => m.type === 'UtteranceEnd');
  assert.ok(ended && Math.abs(ended.last_word_end - (0.5 + spoken.speechEndSeconds)) < 1e-6);
  const interims = results().filter((r) => !r.is_final && text(r) !== '');
  assert.ok(interims.length >= 5);
  for (const interim of interims) assert.ok(spoken.text.startsWith(text(interim)), text(interim));
  const metadata = messages.at(-1);
  assert.ok(metadata?.type === 'Metadata');
  const streamed = frames('booking-request', 0.5, 1.5).reduce((sum, frame) => sum + frame.length, 0);
  assert.equal(metadata.duration, streamed / 8000);
  assert.equal(metadata.request_id, final.metadata.request_id);
  assert.deepEqual(closes, [1000]);
  assert.deepEqual(
    simulator.truth.flatMap((event) => (event.kind === 'sent' ? [event.message] : [])),
    JSON.parse(JSON.stringify(messages)),
  );
});

test('linear16 at 16 kHz is recognised like mulaw', async (t) => {
  const simulator = await startDeepgramSimulator();
  t.after(() => simulator.close());
  const { socket, results } = await connect(simulator, { encoding: 'linear16', sample_rate: 16_000 });
  const { samples, text: spoken } = utterance('hours-question');
  const pcm = Buffer.alloc(samples.length * 4 + 16_000);
  for (const [i, sample] of samples.entries()) {
    pcm.writeInt16LE(sample, i * 4);
    pcm.writeInt16LE(sample, i * 4 + 2);
  }
  for (let at = 0; at < pcm.length; at += 640) socket.sendMedia(pcm.subarray(at, at + 640));
  const final = await poll(() => results().find((r) => r.speech_final));
  assert.equal(text(final), spoken);
  socket.close();
});

test('two utterances in one stream are two finals whose windows meet', async (t) => {
  const simulator = await startDeepgramSimulator();
  t.after(() => simulator.close());
  const { socket, results } = await connect(simulator);
  const both = [...frames('hours-question', 0.2, 0.6), ...frames('table-question', 0, 1)];
  for (const frame of both) socket.sendMedia(frame);
  const finals = await poll(() => {
    const found = results().filter((r) => r.speech_final);
    return found.length === 2 && found;
  });
  assert.deepEqual(finals.map(text), [utterance('hours-question').text, utterance('table-question').text]);
  const windows = results().filter((r) => r.is_final);
  for (const [i, window] of windows.slice(1).entries()) {
    assert.ok(Math.abs(window.start - ((windows[i]?.start ?? 0) + (windows[i]?.duration ?? 0))) < 1e-5);
  }
  socket.close();
});

test('Finalize gives the words heard so far', async (t) => {
  const simulator = await startDeepgramSimulator();
  t.after(() => simulator.close());
  const { socket, results } = await connect(simulator);
  const half = frames('booking-request', 0, 0).slice(0, 80);
  for (const frame of half) socket.sendMedia(frame);
  socket.sendFinalize({ type: 'Finalize' });
  const final = await poll(() => results().find((r) => r.from_finalize));
  assert.equal(final.is_final, true);
  assert.match(text(final), /^Hi, I would like to/);
  assert.ok(text(final).length < utterance('booking-request').text.length);
  socket.close();
});

test('a tone is not speech', async (t) => {
  const simulator = await startDeepgramSimulator();
  t.after(() => simulator.close());
  const { socket, messages, results } = await connect(simulator);
  const tone = Buffer.from({ length: 4000 } as ArrayLike<number>).map((_, i) => (i % 8 < 4 ? 0x90 : 0x10));
  for (const part of [tone, Buffer.alloc(16_000, MULAW_SILENCE)]) socket.sendMedia(part);
  socket.sendCloseStream({ type: 'CloseStream' });
  await poll(() => messages.some((m) => m.type === 'Metadata'));
  assert.ok(!messages.some((m) => m.type === 'SpeechStarted'));
  assert.deepEqual(
    results().filter((r) => text(r) !== ''),
    [],
  );
});

test('a refused, a cut and a delayed connection are told in the truth', async (t) => {
  const simulator = await startDeepgramSimulator();
  t.after(() => simulator.close());
  simulator.faults.next(
    { kind: 'status', status: 429 },
    { kind: 'cut', afterChunks: 1 },
    { kind: 'delay', ms: 60 },
  );
  await assert.rejects(
    Promise.race([connect(simulator), sleep(1000).then(() => Promise.reject(new Error('late')))]),
  );
  assert.deepEqual(
    simulator.truth.map((event) => event.kind === 'refused' && event.status),
    [429],
  );
  const cut = await connect(simulator);
  for (const frame of frames('menu-question', 0, 1)) cut.socket.sendMedia(frame);
  await poll(() => simulator.truth.find((event) => event.kind === 'closed' && event.by === 'cut'));
  assert.equal(cut.messages.length, 1);
  cut.socket.close();
  const begun = performance.now();
  const late = await connect(simulator);
  assert.ok(performance.now() - begun >= 60);
  late.socket.close();
});
