import type { IncomingMessage, ServerResponse } from 'node:http';
import type { WebSocket } from 'ws';
import { nowMicros } from '../now.ts';
import { CartesiaSocket } from './cartesia-socket.ts';
import { type CartesiaTruth, received, type SpeechContext, type SpeechScript } from './cartesia-truth.ts';
import { Faults } from './fault.ts';
import { createRandom, type Range } from './random.ts';
import {
  delay,
  listenOnLoopback,
  readJson,
  recorder,
  type Simulator,
  type SimulatorOptions,
  sendJson,
} from './server.ts';
import { readSpeechRequest, Speech } from './speech-request.ts';

/** Behaviour of the Cartesia simulator. */
export interface CartesiaOptions extends SimulatorOptions {
  /** Milliseconds from request to first audio. (Default: 90 to 250.) */
  readonly firstByteMs?: Range;
  /** How many times faster than real time audio is made. (Default: 4 to 8.) */
  readonly speed?: Range;
  /** Speak TLS: the SDK's TTS socket accepts nothing else. (Default: false.) */
  readonly tls?: boolean;
  /** Decides how a text is spoken. (Default: all is as usual.) */
  readonly scripted?: SpeechScript | undefined;
}

/** A running Cartesia simulator. */
export interface CartesiaSimulator extends Simulator<CartesiaTruth> {
  readonly faults: Faults;
  /** With `tls`: the certificate, for `NODE_EXTRA_CA_CERTS` of the client's process. */
  readonly caPath: string | undefined;
}

/** Starts a server that speaks Cartesia's `/tts/bytes`, `/tts/sse` and `/tts/websocket` with raw audio. */
export async function startCartesiaSimulator(options: CartesiaOptions = {}): Promise<CartesiaSimulator> {
  const { seed = 1, firstByteMs = [90, 250], speed = [4, 8], tls = false, scripted } = options;
  const truth: CartesiaTruth[] = [];
  const faults = new Faults();
  let generations = 0;

  const createContext = (): SpeechContext => {
    const random = createRandom(seed, `tts:${++generations}`);
    const record: SpeechContext['record'] = recorder(truth);
    const fault = faults.take();
    return { requestId: random.uuid(), random, firstByteMs, speed, fault, scripted, record };
  };

  const server = await listenOnLoopback({
    tls,
    onRequest: (request, response) => {
      void speakOverHttp(request, response, createContext).catch(() => response.destroy());
    },
    onUpgrade: ({ request, url, accept, refuse }) => {
      if (url.pathname !== '/tts/websocket') return refuse(404);
      if (!authorized(request, url)) return refuse(401);
      accept((ws: WebSocket) => new CartesiaSocket(ws, createContext));
    },
  });
  return {
    ...server,
    truth,
    faults,
  };
}

function authorized(request: IncomingMessage, url: URL): boolean {
  const { authorization = '', 'x-api-key': key } = request.headers;
  return /^bearer ./i.test(authorization) || Boolean(key) || url.searchParams.has('api_key');
}

async function speakOverHttp(
  request: IncomingMessage,
  response: ServerResponse,
  createContext: () => SpeechContext,
): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://localhost');
  const transport = url.pathname === '/tts/bytes' ? 'bytes' : url.pathname === '/tts/sse' ? 'sse' : undefined;
  const arrived = performance.now();
  const arrivedMicros = nowMicros();
  const body = await readJson(request);
  if (!transport || request.method !== 'POST') return sendJson(response, 404, { error_code: 'not_found' });
  if (!authorized(request, url)) return sendJson(response, 401, { error_code: 'unauthorized' });
  const context = createContext();
  const { requestId, random, firstByteMs, speed, record } = context;
  const fail = (status: number, message: string): void => {
    record({ kind: 'failed', requestId, status });
    const error = { error_code: status === 429 ? 'rate_limited' : 'simulated', title: 'Refused', message };
    sendJson(response, status, { ...error, request_id: requestId }, { 'x-request-id': requestId });
  };
  const wanted = readSpeechRequest(body);
  if (typeof wanted === 'string') return fail(400, wanted);
  record(received(transport, wanted, requestId, request.headers['x-request-id']), arrivedMicros);
  const isRetry = Number(request.headers['x-stainless-retry-count'] ?? 0) > 0;
  const scripted = context.scripted?.(wanted.text, isRetry);
  const fault = context.fault ?? scripted?.fault;
  if (fault?.kind === 'status') return fail(fault.status, 'refused by the simulator');

  const speech = new Speech(wanted, scripted?.audioSeconds);
  const gone = new AbortController();
  response.on('close', () => gone.abort());
  const type = transport === 'bytes' ? 'application/octet-stream' : 'text/event-stream';
  const firstMs =
    (scripted?.firstByteMs ?? random.between(...firstByteMs)) + (fault?.kind === 'delay' ? fault.ms : 0);
  const chunkMs = speech.paceMs(scripted?.restMs) ?? speech.chunkMs / random.between(...speed);
  const cutAfter = fault?.kind === 'cut' ? fault.afterChunks : undefined;
  const contextId = typeof body?.context_id === 'string' ? body.context_id : undefined;
  const sse = (event: { readonly type: string }): string =>
    `event: ${event.type}\ndata: ${JSON.stringify({ ...event, context_id: contextId })}\n\n`;

  for (const [i, chunk] of speech.chunks.entries()) {
    await delay(arrived + firstMs + i * chunkMs - performance.now(), gone.signal);
    if (gone.signal.aborted) return record({ kind: 'aborted', requestId, ...speech.sent });
    if (i === cutAfter) {
      record({ kind: 'failed', requestId, status: 'cut' });
      response.destroy();
      return;
    }
    if (i === 0) {
      response.writeHead(200, { 'content-type': type, 'x-request-id': requestId });
      // Without this a small chunk would wait for the next one.
      response.socket?.setNoDelay(true);
    }
    const step = i === 0 ? firstMs : chunkMs;
    const event = {
      type: 'chunk',
      data: chunk.toString('base64'),
      done: false,
      status_code: 206,
      step_time: step,
    };
    response.write(transport === 'bytes' ? chunk : sse(event));
    if (i === 0) record({ kind: 'first_byte', requestId });
    speech.count(chunk);
  }
  response.end(transport === 'sse' ? sse({ type: 'done', ...{ done: true, status_code: 200 } }) : undefined);
  record({ kind: 'finished', requestId, ...speech.sent });
}
