import { EventEmitter } from 'node:events';
import { createRequire } from 'node:module';
import type * as cartesiaTypes from '@cartesia/cartesia-js';
import { DeepgramClient } from '@deepgram/sdk';
import { RealtimeConnection } from '@elevenlabs/elevenlabs-js';
import { StreamingTranscriber } from 'assemblyai';
import { Call } from '../../instrumentation/call/call.ts';
import { patchAssemblyAi } from '../../instrumentation/sdks/assemblyai/assemblyai.ts';
import { patchCartesia } from '../../instrumentation/sdks/cartesia/cartesia.ts';
import { traceSpeechToText } from '../../instrumentation/sdks/elevenlabs/transcription.ts';
import { patchOpenAiRealtime } from '../../instrumentation/sdks/openai/realtime.ts';
import type { BenchResult } from '../result.ts';
import { compare, payload, pool } from './rounds.ts';

// Frames through the clients of SDKs whose connections are open and drop everything.

export async function benchDeepgram(version: 'v1' | 'v2', name: string, model: string): Promise<BenchResult> {
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
export async function speechSocket(): Promise<{ transport: NullTransport; close(): void }> {
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

export async function benchDeepgramSpeech(
  plain: Awaited<ReturnType<typeof speechSocket>>,
): Promise<BenchResult> {
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

export async function benchAssemblyAi(): Promise<BenchResult> {
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

export function benchCartesia(): BenchResult {
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

export function benchOpenAiRealtime(): BenchResult {
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

/** `client.speechToText.realtime`, whose connections are open and drop everything. */
class NullRealtime {
  async connect(_options: object): Promise<RealtimeConnection> {
    const connection = new RealtimeConnection(8_000);
    Object.assign(connection, { websocket: { readyState: 1, send: () => {}, close: () => {} } });
    return connection;
  }
}

export async function benchScribe(): Promise<BenchResult> {
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
