import { createServer, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import { EventStreamCodec } from '@smithy/core/event-streams';
import { type Heard, Listener } from '../../../demo/simulators/listening.ts';
import { createRandom } from '../../../demo/simulators/random.ts';
import { Sequence } from '../../../demo/simulators/sequence.ts';
import { delay } from '../../../demo/simulators/server.ts';

const codec = new EventStreamCodec(
  (bytes) => Buffer.from(bytes).toString('utf8'),
  (text) => Buffer.from(text, 'utf8'),
);

/** What Bedrock counts. `inputTokens` leaves out what was read from the cache. */
const COUNTS = { inputTokens: 9, outputTokens: 4, cacheReadInputTokens: 3, totalTokens: 16 };
/** The same in the words of the pipeline. */
export const BEDROCK_USAGE = { inputTokens: 12, cachedInputTokens: 3, outputTokens: 4 };
export const INVOKED_USAGE = { inputTokens: 12, outputTokens: 4 };
export const BEDROCK_TEXT = 'Of course, with pleasure.';
const WORDS = ['Of ', 'course, ', 'with ', 'pleasure.'];
/** What Polly bills of any text, which is not how long it is. */
export const POLLY_CHARACTERS = 21;
/** How long any text is spoken, at 8 kHz. */
export const POLLY_SECONDS = 0.5;

/** A server that stands for services of AWS, over HTTP/2 without TLS. */
export interface AwsSimulator {
  readonly url: string;
  /** The next answer is this error. */
  refuse(status: number): void;
  close(): Promise<void>;
}

/** Starts a server that speaks Bedrock's Converse and InvokeModel, Polly's SynthesizeSpeech and Transcribe's streams. */
export async function startAwsSimulator(): Promise<AwsSimulator> {
  const sockets = new Set<Socket>();
  let refused: number | undefined;
  const onRequest = (request: Http2ServerRequest, response: Http2ServerResponse): void => {
    const status = refused;
    refused = undefined;
    if (status === undefined) return void serve(request, response).catch(() => response.destroy());
    request.resume();
    const headers = { 'x-amzn-errortype': 'ThrottlingException' };
    answer(response, status, { message: 'refused by the simulator' }, headers);
  };
  const server = createServer(onRequest);
  server.on('connection', (socket: Socket) => sockets.add(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    refuse: (status) => {
      refused = status;
    },
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

function answer(response: Http2ServerResponse, status: number, body: object, headers: object = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
}

async function serve(request: Http2ServerRequest, response: Http2ServerResponse): Promise<void> {
  const path = decodeURIComponent(new URL(request.url, 'http://localhost').pathname);
  if (path === '/stream-transcription') return transcribe(request, response);
  request.resume();
  await new Promise((resolve) => request.on('end', resolve));
  const anthropic = path.includes('anthropic');
  if (path.endsWith('/converse')) answer(response, 200, WHOLE);
  else if (path.endsWith('/invoke')) answer(response, 200, anthropic ? ANTHROPIC : WHOLE);
  else if (path.endsWith('/converse-stream'))
    await stream(
      response,
      events().map((event) => encodeEvent(event)),
    );
  else if (path.endsWith('/invoke-with-response-stream')) {
    const said = anthropic ? anthropicEvents() : events();
    const last = said.at(-1) as object;
    const counts = { inputTokenCount: 12, outputTokenCount: 4 };
    const counted = [...said.slice(0, -1), { ...last, 'amazon-bedrock-invocationMetrics': counts }];
    await stream(response, counted.map(encodeChunk));
  } else if (path === '/v1/speech') {
    response.writeHead(200, { 'content-type': 'audio/pcm', 'x-amzn-requestcharacters': POLLY_CHARACTERS });
    for (let i = 0; i < 5; i++) {
      await delay(10);
      response.write(Buffer.alloc((POLLY_SECONDS * 16_000) / 5));
    }
    response.end();
  } else answer(response, 404, { message: path });
}

const WHOLE = {
  output: { message: { role: 'assistant', content: [{ text: BEDROCK_TEXT }] } },
  stopReason: 'end_turn',
  usage: COUNTS,
  metrics: { latencyMs: 10 },
};

const ANTHROPIC = {
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  model: 'claude-haiku-4-5',
  content: [{ type: 'text', text: BEDROCK_TEXT }],
  stop_reason: 'end_turn',
  usage: { input_tokens: 12, output_tokens: 4 },
};

const events = (): Readonly<Record<string, object>>[] => [
  { messageStart: { role: 'assistant' } },
  ...WORDS.map((text) => ({ contentBlockDelta: { delta: { text }, contentBlockIndex: 0 } })),
  { contentBlockStop: { contentBlockIndex: 0 } },
  { messageStop: { stopReason: 'end_turn' } },
  { metadata: { usage: COUNTS, metrics: { latencyMs: 10 } } },
];

const anthropicEvents = (): object[] => [
  {
    type: 'message_start',
    message: { ...ANTHROPIC, content: [], usage: { input_tokens: 12, output_tokens: 1 } },
  },
  { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
  ...WORDS.map((text) => ({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } })),
  { type: 'content_block_stop', index: 0 },
  { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 4 } },
  { type: 'message_stop' },
];

const header = (value: string) => ({ type: 'string', value }) as const;

/** `{ messageStop: … }` as an event of that name. */
function encodeEvent(event: Readonly<Record<string, object>>): Uint8Array {
  const [[name, body] = ['', {}]] = Object.entries(event);
  return codec.encode({
    headers: {
      ':message-type': header('event'),
      ':event-type': header(name),
      ':content-type': header('application/json'),
    },
    body: Buffer.from(JSON.stringify(body)),
  });
}

/** What a model says in its own words. */
const encodeChunk = (said: object): Uint8Array =>
  encodeEvent({ chunk: { bytes: Buffer.from(JSON.stringify(said)).toString('base64') } });

async function stream(response: Http2ServerResponse, messages: readonly Uint8Array[]): Promise<void> {
  response.writeHead(200, { 'content-type': 'application/vnd.amazon.eventstream' });
  const gone = new AbortController();
  response.on('close', () => gone.abort());
  for (const message of messages) {
    await delay(10, gone.signal);
    if (gone.signal.aborted) return;
    response.write(message);
  }
  response.end();
}

/** Messages of an event stream, wherever its bytes are cut. */
class Messages {
  #rest = Buffer.alloc(0);

  *add(bytes: Buffer): Generator<ReturnType<typeof codec.decode>> {
    this.#rest = Buffer.concat([this.#rest, bytes]);
    while (this.#rest.length >= 4 && this.#rest.length >= this.#rest.readUInt32BE(0)) {
      const length = this.#rest.readUInt32BE(0);
      yield codec.decode(this.#rest.subarray(0, length));
      this.#rest = this.#rest.subarray(length);
    }
  }
}

/** Recognises the recordings of demo/speech, sent as 16-bit samples of 8 kHz. */
function transcribe(request: Http2ServerRequest, { stream }: Http2ServerResponse): void {
  const random = createRandom(1, 'transcribe');
  const sequence = new Sequence(random, [20, 70]);
  stream.respond({ ':status': 200, 'content-type': 'application/vnd.amazon.eventstream' });
  const send = (body: object): void =>
    sequence.later(() => void stream.write(encodeEvent({ TranscriptEvent: body })));
  const hear = (heard: Heard): void => {
    if (heard.kind !== 'results' || heard.words.length === 0) return;
    const Items = heard.words.map(({ word, start, end }) => ({
      Content: word,
      StartTime: start,
      EndTime: end,
      Type: 'pronunciation',
    }));
    const result = {
      ResultId: 'one',
      IsPartial: !heard.isFinal,
      StartTime: heard.words[0]?.start,
      EndTime: heard.words.at(-1)?.end,
      Alternatives: [{ Transcript: heard.words.map(({ word }) => word).join(' '), Items }],
    };
    send({ Transcript: { Results: [result] } });
  };
  const listener = new Listener(
    {
      encoding: 'linear16',
      sampleRate: 8_000,
      interimResults: true,
      endpointingMs: 300,
      utteranceEndMs: undefined,
      random,
    },
    hear,
  );
  const messages = new Messages();
  request.on('data', (bytes: Buffer) => {
    for (const signed of messages.add(bytes)) {
      // Each is put into another, which is signed; an empty one is the end.
      if (signed.body.length === 0) continue;
      const event = codec.decode(signed.body);
      if (event.body.length > 0) listener.push(Buffer.from(event.body));
    }
  });
  request.on('end', () => {
    listener.finalize(true);
    sequence.later(() => void stream.end());
  });
  stream.on('close', () => sequence.stop());
}
