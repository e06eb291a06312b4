import { EventEmitter } from 'node:events';
import * as deepgramSdk from '@deepgram/sdk';
import { DeepgramClient } from '@deepgram/sdk';
import { context } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { Call } from '../instrumentation/call.ts';
import { patchDeepgram } from '../instrumentation/sdks/deepgram.ts';
import { patchElevenLabsSockets } from '../instrumentation/sdks/elevenlabs-stream-input.ts';
import { patchTwilioMediaStreams } from '../instrumentation/sdks/twilio-media-streams.ts';
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
  return [await benchDeepgram(), benchTwilioIn(), benchTwilioOut(), benchElevenLabs()];
}

const FRAMES = 100_000;
const ROUNDS = 10;
const POOL = 256;

const pool = <T>(make: (i: number) => T): T[] => Array.from({ length: POOL }, (_, i) => make(i));
const payload = (i: number): string => Buffer.alloc(160, i).toString('base64');

/** Microseconds a frame of each of two ways to handle it. */
function compare<T>(
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

async function benchDeepgram(): Promise<BenchResult> {
  patchDeepgram(deepgramSdk);
  const client = new DeepgramClient({ apiKey: 'none', transportFactory: () => new NullTransport() } as never);
  const call = new Call();
  const socket = await call.run(() =>
    client.listen.v1.connect({ model: 'nova-3', encoding: 'mulaw', sample_rate: 8000 } as never),
  );
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
    name: 'audio frame to Deepgram',
    ...times,
    unit: 'µs/frame',
    note: 'sendMedia of @deepgram/sdk on a transport that drops everything, with and without the wrapper',
  };
}

/** A connection to Deepgram that is open and drops everything. */
class NullTransport {
  onOpen(handler: () => void): void {
    queueMicrotask(handler);
  }
  onMessage(): void {}
  onClose(): void {}
  onError(): void {}
  isOpen(): boolean {
    return true;
  }
  send(): void {}
  close(): void {}
}

/** A socket as `ws` accepts it, with nobody at the other end. */
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

/** A client's connection as `ws` makes it, with nobody at the other end. */
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
