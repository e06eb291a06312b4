import { EventEmitter } from 'node:events';
import { createRequire } from 'node:module';
import type * as cartesiaTypes from '@cartesia/cartesia-js';
import * as deepgramSdk from '@deepgram/sdk';
import { DeepgramClient } from '@deepgram/sdk';
import { RealtimeConnection } from '@elevenlabs/elevenlabs-js';
import { context } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { StreamingTranscriber } from 'assemblyai';
import { Call } from '../instrumentation/call/call.ts';
import { patchAssemblyAi } from '../instrumentation/sdks/assemblyai/assemblyai.ts';
import { patchCartesia } from '../instrumentation/sdks/cartesia/cartesia.ts';
import { patchDeepgram } from '../instrumentation/sdks/deepgram/deepgram.ts';
import { patchElevenLabsSockets } from '../instrumentation/sdks/elevenlabs/stream-input.ts';
import { traceSpeechToText } from '../instrumentation/sdks/elevenlabs/transcription.ts';
import { rawAudio } from '../instrumentation/sdks/kit/audio-format.ts';
import { tapReadable } from '../instrumentation/sdks/kit/streams.ts';
import { SynthesisAnswer } from '../instrumentation/sdks/kit/synthesis-answer.ts';
import { patchOpenAiRealtime } from '../instrumentation/sdks/openai/realtime.ts';
import { SpeechEvents } from '../instrumentation/sdks/openai/speech-events.ts';
import { patchTwilioMediaStreams } from '../instrumentation/sdks/twilio/media-streams.ts';
import { median } from './measure.ts';
import type { BenchResult } from './result.ts';

/**
 * What our wrappers add to a frame of audio: 20 ms of mulaw, 50 a second in each direction of each call.
 *
 * Method: the same call with and without our wrapper, against an end that does nothing, so that the difference is ours
 * and not the network's. Frames come from a pool of different ones, as strings and buffers of their own, because an
 * engine may remember what it has seen. Ten rounds of 100,000 frames, the two in turns, after a warm-up; the median
 * round counts.
 */
export async function benchAudioFrame(): Promise<BenchResult[]> {
  // Without a context manager nothing is carried along, which would flatter us. Does nothing when there is one.
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  const plainSpeech = await speechSocket();
  patchDeepgram(deepgramSdk);
  return [
    await benchDeepgram('v1', 'audio frame to Deepgram', 'nova-3'),
    await benchDeepgram('v2', 'audio frame to Deepgram Flux', 'flux-general-en'),
    await benchDeepgramSpeech(plainSpeech),
    await benchAssemblyAi(),
    benchCartesia(),
    benchOpenAiRealtime(),
    benchTwilioIn(),
    benchTwilioOut(),
    benchElevenLabs(),
    await benchScribe(),
    await benchSpeechBytes(),
    await benchSpeechEvents(),
  ];
}

const FRAMES = 100_000;
const ROUNDS = 10;
const POOL = 256;

/** Different frames, to be handled in turn. */
export const pool = <T>(make: (i: number) => T): T[] => Array.from({ length: POOL }, (_, i) => make(i));
const payload = (i: number): string => Buffer.alloc(160, i).toString('base64');

/** Microseconds a frame of each of two ways to handle it. */
export function compare<T>(
  frames: readonly T[],
  ours: (frame: T) => void,
  baseline: (frame: T) => void,
): { ours: number; baseline: number } {
  const round = (handle: (frame: T) => void): number => {
    const start = performance.now();
    for (let i = 0; i < FRAMES; i++) handle(frames[i % POOL] as T);
    return ((performance.now() - start) * 1_000) / FRAMES;
  };
  const rounds = { ours: [] as number[], baseline: [] as number[] };
  for (let i = 0; i < ROUNDS + 2; i++) {
    const [withOurs, without] = [round(ours), round(baseline)];
    if (i < 2) continue;
    rounds.ours.push(withOurs);
    rounds.baseline.push(without);
  }
  return { ours: median(rounds.ours), baseline: median(rounds.baseline) };
}

async function benchDeepgram(version: 'v1' | 'v2', name: string, model: string): Promise<BenchResult> {
  const client = new DeepgramClient({ apiKey: 'none', transportFactory: () => new NullTransport() } as never);
  const call = new Call();
  const args = { model, encoding: 'mulaw', sample_rate: 8000 } as never;
  const socket = await call.run(() => client.listen[version].connect(args));
  socket.connect();
  await socket.waitForOpen();
  const unpatched = Object.getPrototypeOf(socket).sendMedia as (this: unknown, frame: Uint8Array) => void;
  const times = compare(
    pool((i) => new Uint8Array(160).fill(i)),
    (frame) => socket.sendMedia(frame),
    (frame) => unpatched.call(socket, frame),
  );
  socket.close();
  call.end();
  return {
    name,
    ...times,
    unit: 'µs/frame',
    note: 'sendMedia of @deepgram/sdk on a transport that drops everything, with and without the wrapper',
  };
}

/** A socket of speak that is in the middle of a synthesis, and the far end that gives it audio. */
async function speechSocket(): Promise<{ transport: NullTransport; close(): void }> {
  const transport = new NullTransport();
  const client = new DeepgramClient({ apiKey: 'none', transportFactory: () => transport } as never);
  const args = { model: 'aura-2-thalia-en', encoding: 'mulaw', sample_rate: '8000' } as never;
  const socket = await client.speak.v1.connect(args);
  socket.on('message', () => {});
  socket.connect();
  await socket.waitForOpen();
  socket.sendText({ type: 'Speak', text: 'Of course.' });
  socket.sendFlush({ type: 'Flush' });
  return { transport, close: () => socket.close() };
}

async function benchDeepgramSpeech(plain: Awaited<ReturnType<typeof speechSocket>>): Promise<BenchResult> {
  const call = new Call();
  const traced = await call.run(speechSocket);
  const times = compare(
    pool((i) => new Uint8Array(160).fill(i).buffer),
    (frame) => traced.transport.deliver(frame),
    (frame) => plain.transport.deliver(frame),
  );
  traced.close();
  plain.close();
  call.end();
  return {
    name: 'audio frame from Deepgram',
    ...times,
    unit: 'µs/frame',
    note: 'a frame of audio on a socket of speak with one handler that does nothing, with and without the wrapper',
  };
}

/** A connection to Deepgram that is open and drops everything. */
class NullTransport {
  onOpen(handler: () => void): void {
    queueMicrotask(handler);
  }
  /** Gives the SDK what the far end has sent. */
  deliver: (message: unknown) => void = () => {};
  onMessage(handler: (message: unknown) => void): void {
    this.deliver = handler;
  }
  onClose(): void {}
  onError(): void {}
  isOpen(): boolean {
    return true;
  }
  send(): void {}
  close(): void {}
}

/** The socket of an SDK that is open and drops everything. */
class OpenSocket extends EventEmitter {
  readonly OPEN = 1;
  readonly readyState = 1;
  send(_data: unknown): void {}
}

/** The SDK's internals that are needed to run it without a connection. */
interface Transcriber {
  socket: OpenSocket;
  connectOnce(): Promise<void>;
  sendAudio(frame: ArrayBuffer): void;
}

/** A class of transcribers without a connection. */
function offlineTranscribers(): new (params: object) => Transcriber {
  class Offline extends (StreamingTranscriber as unknown as new (params: object) => Transcriber) {
    override async connectOnce(): Promise<void> {
      this.socket = new OpenSocket();
    }
  }
  return Offline;
}

async function benchAssemblyAi(): Promise<BenchResult> {
  const params = { apiKey: 'none', sampleRate: 8_000, encoding: 'pcm_mulaw' };
  const [Ours, Plain] = [offlineTranscribers(), offlineTranscribers()];
  patchAssemblyAi({ StreamingTranscriber: Ours });
  const [session, plain] = [new Ours(params), new Plain(params)];
  const call = new Call();
  await call.run(() => session.connectOnce());
  await plain.connectOnce();
  const times = compare(
    pool((i) => new Uint8Array(160).fill(i).buffer),
    (frame) => session.sendAudio(frame),
    (frame) => plain.sendAudio(frame),
  );
  session.socket.emit('close', 1000);
  call.end();
  return {
    name: 'audio frame to AssemblyAI',
    ...times,
    unit: 'µs/frame',
    note: 'sendAudio of assemblyai on a socket that drops everything, with and without the wrapper',
  };
}

function benchCartesia(): BenchResult {
  // Node 20 opens its WebSockets from CommonJS only.
  const cartesia: typeof cartesiaTypes = createRequire(import.meta.url)('@cartesia/cartesia-js');
  patchCartesia(cartesia);
  const client = new cartesia.Cartesia({ apiKey: 'none', baseURL: 'http://127.0.0.1:9' });
  const call = new Call();
  const socket = call.run(() =>
    client.stt.manualFinalize.websocket({ model: 'ink-2', encoding: 'pcm_mulaw', sample_rate: 8_000 }),
  );
  // There is no server: the failure to connect does not matter here.
  socket.on('error', () => {});
  socket.socket = new OpenSocket() as never;
  const unpatched = Object.getPrototypeOf(socket).sendRaw as (this: unknown, frame: Uint8Array) => void;
  const times = compare(
    pool((i) => new Uint8Array(160).fill(i)),
    (frame) => socket.sendRaw(frame),
    (frame) => unpatched.call(socket, frame),
  );
  call.end();
  return {
    name: 'audio frame to Cartesia',
    ...times,
    unit: 'µs/frame',
    note: 'sendRaw of @cartesia/cartesia-js on a socket that drops everything, with and without the wrapper',
  };
}

/** A client of the Realtime API without a connection. */
class NullRealtimeClient {
  readonly url = 'wss://api.openai.com/v1/realtime?model=gpt-realtime';
  readonly socket = { readyState: 1 };
  _emit(): void {}
  send(_event: object): void {}
  close(): void {}
}

function benchOpenAiRealtime(): BenchResult {
  const unpatched = NullRealtimeClient.prototype.send;
  patchOpenAiRealtime({ OpenAIRealtimeWS: NullRealtimeClient });
  const call = new Call();
  const client = new NullRealtimeClient();
  const times = call.run(() =>
    compare(
      pool((i) => ({ type: 'input_audio_buffer.append', audio: payload(i) })),
      (frame) => client.send(frame),
      (frame) => unpatched.call(client, frame),
    ),
  );
  call.end();
  return {
    name: 'audio frame to OpenAI Realtime',
    ...times,
    unit: 'µs/frame',
    note: 'send of a client that drops everything, with and without the wrapper',
  };
}

/** A socket as `ws` accepts it, without a peer. */
class NullSocket extends EventEmitter {
  send(_data: unknown): void {}
}

/** A server that accepts at once. Patched as the one of `ws` is. */
class NullServer {
  handleUpgrade(ws: NullSocket, _socket: null, _head: null, accepted: (ws: NullSocket) => void): void {
    accepted(ws);
  }
}

function startedSocket(): NullSocket {
  patchTwilioMediaStreams({ WebSocketServer: NullServer });
  const ws = new NullSocket();
  new NullServer().handleUpgrade(ws, null, null, () => {});
  ws.on('message', () => {});
  ws.emit('message', Buffer.from('{"event":"connected","protocol":"Call","version":"1.0.0"}'), false);
  const start = { event: 'start', start: { callSid: 'CA0', streamSid: 'MZ0' }, streamSid: 'MZ0' };
  ws.emit('message', Buffer.from(JSON.stringify(start)), false);
  return ws;
}

function benchTwilioIn(): BenchResult {
  const ws = startedSocket();
  const plain = new NullSocket();
  plain.on('message', () => {});
  const times = compare(
    pool((i) =>
      Buffer.from(
        `{"event":"media","sequenceNumber":"${i}","media":{"track":"inbound","chunk":"${i}","timestamp":"${i * 20}","payload":"${payload(i)}"},"streamSid":"MZ0"}`,
      ),
    ),
    (frame) => ws.emit('message', frame, false),
    (frame) => plain.emit('message', frame, false),
  );
  ws.emit('close', 1000, '');
  return {
    name: 'audio frame from Twilio',
    ...times,
    unit: 'µs/frame',
    note: "'message' of a socket with one listener that does nothing, with and without the wrapper",
  };
}

function benchTwilioOut(): BenchResult {
  const ws = startedSocket();
  const plain = new NullSocket();
  const times = compare(
    pool((i) => JSON.stringify({ event: 'media', streamSid: 'MZ0', media: { payload: payload(i) } })),
    (frame) => ws.send(frame),
    (frame) => plain.send(frame),
  );
  ws.emit('close', 1000, '');
  return {
    name: 'audio frame to Twilio',
    ...times,
    unit: 'µs/frame',
    note: 'send of a socket that drops everything, with and without the wrapper',
  };
}

/** A body of speech as it comes from `fetch`: a chunk each time it is asked. */
const body = (chunks: readonly Uint8Array[]): ReadableStream<Uint8Array> => {
  let i = 0;
  return new ReadableStream(
    {
      pull: (controller) => {
        if (i === FRAMES) controller.close();
        else controller.enqueue(chunks[i++ % POOL] as Uint8Array);
      },
    },
    { highWaterMark: 0 },
  );
};

/** Microseconds a chunk of reading a body to its end, as it is and with `see` listening to it. */
async function compareBodies(
  chunks: readonly Uint8Array[],
  listen: () => (chunk: Uint8Array) => void,
): Promise<{ ours: number; baseline: number }> {
  const ignore = (): void => {};
  const round = async (stream: ReadableStream<Uint8Array>): Promise<number> => {
    const start = performance.now();
    for await (const _ of stream);
    return ((performance.now() - start) * 1_000) / FRAMES;
  };
  const rounds = { ours: [] as number[], baseline: [] as number[] };
  for (let i = 0; i < ROUNDS + 2; i++) {
    const tap = { see: listen(), end: ignore, cancel: ignore, fail: ignore };
    const [withOurs, without] = [await round(tapReadable(body(chunks), tap)), await round(body(chunks))];
    if (i < 2) continue;
    rounds.ours.push(withOurs);
    rounds.baseline.push(without);
  }
  return { ours: median(rounds.ours), baseline: median(rounds.baseline) };
}

async function benchSpeechBytes(): Promise<BenchResult> {
  const times = await compareBodies(
    pool((i) => new Uint8Array(960).fill(i)),
    () => {
      const answer = new SynthesisAnswer(rawAudio(24_000, 2));
      return (chunk) => void answer.addBytes(chunk);
    },
  );
  return {
    name: 'audio frame of a speech body',
    ...times,
    unit: 'µs/frame',
    note: 'a ReadableStream of 20 ms of PCM a chunk, read to its end, with and without tapReadable around it',
  };
}

async function benchSpeechEvents(): Promise<BenchResult> {
  const audio = (i: number): string => Buffer.alloc(960, i).toString('base64');
  const times = await compareBodies(
    pool((i) => Buffer.from(`data: {"type":"speech.audio.delta","audio":"${audio(i)}"}\n\n`)),
    () => {
      const events = new SpeechEvents();
      return (chunk) => void events.add(chunk);
    },
  );
  return {
    name: 'audio frame of speech events',
    ...times,
    unit: 'µs/frame',
    note: 'the same with 20 ms of PCM an event, whose audio is measured and not decoded',
  };
}

/** A client's connection as `ws` makes it, without a peer. */
class NullClient extends NullSocket {
  readonly url = 'wss://api.elevenlabs.io/v1/text-to-speech/nora/stream-input?output_format=ulaw_8000';
  close(): void {}
  setSocket(): void {}
}

function benchElevenLabs(): BenchResult {
  patchElevenLabsSockets({ WebSocket: NullClient });
  const ws = new NullClient();
  ws.setSocket();
  const plain = new NullSocket();
  for (const socket of [ws, plain]) socket.on('message', () => {});
  ws.send('{"text":"Of course, with pleasure. "}');
  // A tenth of a second, as the service sends it: audio, and when which character is spoken.
  const alignment = '{"chars": ["O", "f"], "charStartTimesMs": [0, 60], "charDurationsMs": [60, 60]}';
  const times = compare(
    pool((i) => {
      const audio = Buffer.alloc(800, i).toString('base64');
      return Buffer.from(
        `{"audio": "${audio}", "isFinal": null, "normalizedAlignment": ${alignment}, "alignment": ${alignment}}`,
      );
    }),
    (frame) => ws.emit('message', frame, false),
    (frame) => plain.emit('message', frame, false),
  );
  ws.close();
  ws.emit('close', 1000, '');
  return {
    name: 'audio frame from ElevenLabs',
    ...times,
    unit: 'µs/frame',
    note: "'message' of a stream-input socket with one listener that does nothing, with and without the wrapper",
  };
}

/** `client.speechToText.realtime`, whose connections are open and drop everything. */
class NullRealtime {
  async connect(_options: object): Promise<RealtimeConnection> {
    const connection = new RealtimeConnection(8_000);
    Object.assign(connection, { websocket: { readyState: 1, send: () => {}, close: () => {} } });
    return connection;
  }
}

async function benchScribe(): Promise<BenchResult> {
  const plain = await new NullRealtime().connect({});
  const realtime = new NullRealtime();
  traceSpeechToText({ realtime });
  const call = new Call();
  const connection = await call.run(() => realtime.connect({ audioFormat: 'ulaw_8000' }));
  const times = compare(
    pool((i) => ({ audioBase64: payload(i) })),
    (frame) => connection.send(frame),
    (frame) => plain.send(frame),
  );
  call.end();
  return {
    name: 'audio frame to Scribe',
    ...times,
    unit: 'µs/frame',
    note: 'send of a RealtimeConnection of @elevenlabs/elevenlabs-js on a socket that drops everything, with and without the wrapper',
  };
}
