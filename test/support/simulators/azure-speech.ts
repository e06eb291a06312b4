import type { RawData, WebSocket } from 'ws';
import { type Heard, Listener } from '../../../demo/simulators/listening.ts';
import { createRandom } from '../../../demo/simulators/random.ts';
import { Sequence } from '../../../demo/simulators/sequence.ts';
import { type Loopback, listenOnLoopback } from '../../../demo/simulators/server.ts';

/** How long what is synthesized lasts, whatever is said. */
export const SPOKEN_SECONDS = 0.5;
const CHUNKS = 5;
const WAV_HEADER_BYTES = 44;

/** Starts a server that speaks Azure's recognition and synthesis over sockets. It recognises the recordings of demo/speech. */
export function startAzureSpeechSimulator(): Promise<Loopback> {
  return listenOnLoopback({
    onRequest: (_, response) => response.writeHead(404).end(),
    onUpgrade: ({ url, request, accept, refuse }) => {
      if (request.headers['ocp-apim-subscription-key'] === 'wrong') return refuse(401);
      if (url.pathname.startsWith('/speech/')) accept(listen);
      else if (url.pathname.startsWith('/tts/')) accept(speak);
      else refuse(404);
    },
  });
}

interface Message {
  readonly path: string;
  readonly requestId: string;
  readonly body: Buffer;
}

function readMessage(data: Buffer, isBinary: boolean): Message {
  const end = isBinary ? 2 + data.readUInt16BE(0) : data.indexOf('\r\n\r\n');
  const head = data.subarray(isBinary ? 2 : 0, end).toString();
  const header = (name: string): string =>
    new RegExp(`^${name}:\\s*(.*)$`, 'im').exec(head)?.[1]?.trim() ?? '';
  return {
    path: header('Path').toLowerCase(),
    requestId: header('X-RequestId'),
    body: data.subarray(isBinary ? end : end + 4),
  };
}

/** Messages of the server, of one request. */
function sender(ws: WebSocket, requestId: () => string) {
  const head = (path: string): string => `X-RequestId:${requestId()}\r\nPath:${path}\r\n`;
  return {
    text: (path: string, body: object): void =>
      ws.send(`${head(path)}Content-Type:application/json; charset=utf-8\r\n\r\n${JSON.stringify(body)}`),
    audio: (bytes: Buffer): void => {
      const headers = Buffer.from(`${head('audio')}X-StreamId:A\r\n`);
      const length = Buffer.alloc(2);
      length.writeUInt16BE(headers.length);
      ws.send(Buffer.concat([length, headers, bytes]));
    },
  };
}

const ticks = (seconds: number): number => Math.round(seconds * 1e7);

function listen(ws: WebSocket): void {
  const random = createRandom(1, 'azure');
  const sequence = new Sequence(random, [20, 70]);
  let requestId = '';
  const { text } = sender(ws, () => requestId);
  const send = (path: string, body: object): void =>
    sequence.later(() => void (ws.readyState === ws.OPEN && text(path, body)));
  let listener: Listener | undefined;
  const hear = (heard: Heard): void => {
    if (heard.kind === 'speech_started') send('speech.startDetected', { Offset: ticks(heard.atSeconds) });
    if (heard.kind !== 'results' || heard.words.length === 0) return;
    const Text = heard.words.map(({ word }) => word).join(' ');
    const start = heard.words[0]?.start ?? 0;
    const position = { Offset: ticks(start), Duration: ticks((heard.words.at(-1)?.end ?? 0) - start) };
    if (!heard.isFinal) send('speech.hypothesis', { Text, ...position });
    else send('speech.phrase', { RecognitionStatus: 'Success', DisplayText: Text, ...position });
  };
  ws.on('message', (data: RawData, isBinary: boolean) => {
    const message = readMessage(data as Buffer, isBinary);
    if (message.path !== 'audio') return;
    if (!listener) {
      requestId = message.requestId;
      send('turn.start', { context: { serviceTag: 'one' } });
      const sampleRate = message.body.readUInt32LE(24);
      const endpointingMs = 300;
      listener = new Listener(
        {
          encoding: 'linear16',
          sampleRate,
          interimResults: true,
          endpointingMs,
          utteranceEndMs: undefined,
          random,
        },
        hear,
      );
      listener.push(message.body.subarray(WAV_HEADER_BYTES));
    } else if (message.body.length > 0) listener.push(message.body);
    else {
      listener.finalize(true);
      send('speech.endDetected', { Offset: 0 });
      send('turn.end', {});
    }
  });
  ws.on('error', () => {});
  ws.on('close', () => sequence.stop());
}

/** Raw audio of 8 kHz mu-law: half a second, in pieces. */
function speak(ws: WebSocket): void {
  const sequence = new Sequence(createRandom(1, 'azure'), [10, 20]);
  ws.on('message', (data: RawData, isBinary: boolean) => {
    const { path, requestId } = readMessage(data as Buffer, isBinary);
    if (path !== 'ssml') return;
    const { text, audio } = sender(ws, () => requestId);
    const later = (send: () => void): void =>
      sequence.later(() => void (ws.readyState === ws.OPEN && send()));
    later(() => text('turn.start', { context: { serviceTag: 'one' } }));
    later(() =>
      text('response', { context: { serviceTag: 'one' }, audio: { type: 'inline', streamId: 'A' } }),
    );
    for (let i = 0; i < CHUNKS; i++)
      later(() => audio(Buffer.alloc((SPOKEN_SECONDS * 8_000) / CHUNKS, 0xff)));
    later(() => text('turn.end', {}));
  });
  ws.on('error', () => {});
  ws.on('close', () => sequence.stop());
}
