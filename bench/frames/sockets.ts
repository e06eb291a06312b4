import { EventEmitter } from 'node:events';
import { patchPlivoMediaStreams } from '../../instrumentation/sdks/plivo/plivo.ts';
import { patchSockets } from '../../instrumentation/sdks/sockets/sockets.ts';
import { patchTwilioMediaStreams } from '../../instrumentation/sdks/twilio/twilio.ts';
import type { BenchResult } from '../result.ts';
import { compare, payload, pool } from './rounds.ts';

// Frames on WebSockets of `ws` without a peer: carriers', which the application serves, and ElevenLabs', which it opens.

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

const TWILIO_START = { event: 'start', start: { callSid: 'CA0', streamSid: 'MZ0' }, streamSid: 'MZ0' };
const PLIVO_START = {
  sequenceNumber: 0,
  event: 'start',
  start: { callId: 'c0', streamId: 's0', mediaFormat: { encoding: 'audio/x-mulaw', sampleRate: 8000 } },
};

function startedSocket(start: object): NullSocket {
  patchTwilioMediaStreams({ WebSocketServer: NullServer });
  patchPlivoMediaStreams({ WebSocketServer: NullServer });
  const ws = new NullSocket();
  new NullServer().handleUpgrade(ws, null, null, () => {});
  ws.on('message', () => {});
  ws.emit('message', Buffer.from('{"event":"connected","protocol":"Call","version":"1.0.0"}'), false);
  ws.emit('message', Buffer.from(JSON.stringify(start)), false);
  return ws;
}

/** Audio frames as messages of a patched socket, against those of one that is not. Each has one listener. */
function messages(provider: string, socket: string, ws: NullSocket, frames: readonly Buffer[]): BenchResult {
  const plain = new NullSocket();
  plain.on('message', () => {});
  const times = compare(
    frames,
    (frame) => ws.emit('message', frame, false),
    (frame) => plain.emit('message', frame, false),
  );
  ws.emit('close', 1000, '');
  return {
    name: `audio frame from ${provider}`,
    ...times,
    unit: 'µs/frame',
    note: `'message' of a ${socket} with one listener that does nothing, with and without the wrapper`,
  };
}

export function benchTwilioIn(): BenchResult {
  const frames = pool((i) =>
    Buffer.from(
      `{"event":"media","sequenceNumber":"${i}","media":{"track":"inbound","chunk":"${i}","timestamp":"${i * 20}","payload":"${payload(i)}"},"streamSid":"MZ0"}`,
    ),
  );
  return messages('Twilio', 'socket', startedSocket(TWILIO_START), frames);
}

/** Other keys come first, and each message of the application says what it is. */
export function benchPlivoIn(): BenchResult {
  const frames = pool((i) =>
    Buffer.from(
      `{"sequenceNumber":${i},"streamId":"s0","event":"media","media":{"track":"inbound","timestamp":"17959680${i}","chunk":${i},"payload":"${payload(i)}"}}`,
    ),
  );
  return messages('Plivo', 'socket', startedSocket(PLIVO_START), frames);
}

export function benchPlivoOut(): BenchResult {
  const media = { contentType: 'audio/x-mulaw', sampleRate: 8000 };
  return sends(
    'Plivo',
    startedSocket(PLIVO_START),
    pool((i) => JSON.stringify({ event: 'playAudio', media: { ...media, payload: payload(i) } })),
  );
}

export function benchTwilioOut(): BenchResult {
  return sends(
    'Twilio',
    startedSocket(TWILIO_START),
    pool((i) => JSON.stringify({ event: 'media', streamSid: 'MZ0', media: { payload: payload(i) } })),
  );
}

/** The same of what the application sends. */
function sends(carrier: string, ws: NullSocket, frames: readonly string[]): BenchResult {
  const plain = new NullSocket();
  const times = compare(
    frames,
    (frame) => ws.send(frame),
    (frame) => plain.send(frame),
  );
  ws.emit('close', 1000, '');
  return {
    name: `audio frame to ${carrier}`,
    ...times,
    unit: 'µs/frame',
    note: 'send of a socket that drops everything, with and without the wrapper',
  };
}

/** A client's connection as `ws` makes it, without a peer. */
class NullClient extends NullSocket {
  readonly url: string;
  readonly readyState = 1;
  constructor(url: string) {
    super();
    this.url = url;
  }
  close(): void {}
  setSocket(): void {
    this.emit('open');
  }
}

/** A socket that the application has opened, which is followed by where it leads. */
function openedSocket(url: string): NullClient {
  patchSockets({ WebSocket: NullClient });
  const ws = new NullClient(url);
  ws.setSocket();
  ws.on('message', () => {});
  return ws;
}

const LISTEN = 'wss://api.deepgram.com/v1/listen?model=nova-3&encoding=mulaw&sample_rate=8000';
const REALTIME = 'wss://api.openai.com/v1/realtime?model=gpt-realtime';

/** Frames of sockets that applications open themselves, and those of one that speaks no protocol that is known. */
export function benchRawSockets(): BenchResult[] {
  const listen = openedSocket(LISTEN);
  const realtime = openedSocket(REALTIME);
  realtime.emit('message', Buffer.from('{"type":"session.created","session":{}}'), false);
  realtime.emit('message', Buffer.from('{"type":"response.created","response":{"id":"r"}}'), false);
  const sends = (name: string, ws: NullSocket, frames: readonly (string | Uint8Array)[]): BenchResult => {
    const plain = new NullSocket();
    const times = compare(
      frames,
      (frame) => ws.send(frame),
      (frame) => plain.send(frame),
    );
    return {
      name,
      ...times,
      unit: 'µs/frame',
      note: `send of a raw socket that drops everything, with and without the wrapper`,
    };
  };
  const results = [
    sends(
      'audio frame to Deepgram, raw',
      listen,
      pool((i) => new Uint8Array(160).fill(i)),
    ),
    sends(
      'audio frame to OpenAI Realtime, raw',
      realtime,
      pool((i) => JSON.stringify({ type: 'input_audio_buffer.append', audio: payload(i) })),
    ),
    messages(
      'OpenAI Realtime, raw',
      'raw socket',
      realtime,
      pool((i) =>
        Buffer.from(
          JSON.stringify({ type: 'response.output_audio.delta', response_id: 'r', delta: payload(i) }),
        ),
      ),
    ),
    messages(
      'anyone else, raw',
      'raw socket',
      openedSocket('wss://api.example.com/v1/listen'),
      pool((i) => Buffer.alloc(160, i)),
    ),
  ];
  listen.emit('close', 1000);
  return results;
}

export function benchElevenLabs(): BenchResult {
  const ws = openedSocket(
    'wss://api.elevenlabs.io/v1/text-to-speech/nora/stream-input?output_format=ulaw_8000',
  );
  ws.send('{"text":"Of course, with pleasure. "}');
  // A tenth of a second, as the service sends it: audio, and when which character is spoken.
  const alignment = '{"chars": ["O", "f"], "charStartTimesMs": [0, 60], "charDurationsMs": [60, 60]}';
  const frames = pool((i) => {
    const audio = Buffer.alloc(800, i).toString('base64');
    return Buffer.from(
      `{"audio": "${audio}", "isFinal": null, "normalizedAlignment": ${alignment}, "alignment": ${alignment}}`,
    );
  });
  const result = messages('ElevenLabs', 'stream-input socket', ws, frames);
  ws.close();
  return result;
}
