import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { within } from '../kit/deadline.ts';
import { Episode } from '../kit/episode.ts';
import type { MetricsEndpoint } from '../metrics/open-metrics.ts';
import type { PipelineMetrics } from '../metrics/pipeline-metrics.ts';
import { errorClass } from '../store/errors.ts';
import {
  CONTENT_TYPES,
  type Encoding,
  encodeResponse,
  encodeStatus,
  HttpError,
  unavailable,
} from './answer.ts';
import { bearerAuth } from './auth.ts';
import type { Backend } from './backend.ts';
import { AbortedError, type BodyLimits, overloaded, readBody, statedLength } from './body.ts';
import { ByteBudget, type Share } from './budget.ts';
import { DEFAULT_LIMITS, MalformedError, TooLargeError } from './limits.ts';
import type { Log } from './log.ts';
import { ReceiverMetrics } from './receiver-metrics.ts';
import { readTraceRequest, type TraceRequest } from './trace-request.ts';

/** Longer than the idle time of the usual balancers, so that they close first and lose no request. */
const KEEP_ALIVE_MS = 75_000;
/** How long the rest of a body that is too long may still come after its answer. */
const LINGER_MS = 2_000;
/** Between two lines about refused connections. */
const DROP_LOG_MS = 60_000;

export interface ReceiverOptions extends BodyLimits {
  host: string;
  /** 0: one that is free. */
  port: number;
  /** Secret. Absent: everybody is served. */
  authToken?: string | undefined;
  maxInFlightBytes: number;
  maxConnections: number;
  maxRequestSpans: number;
  /** For the head of a request, in milliseconds. A client that dribbles holds a connection, and not for long. (Default: 10 000 ms.) */
  headersTimeoutMs?: number;
  /** For a request as a whole, in milliseconds. (Default: 30 000 ms.) */
  requestTimeoutMs?: number;
  backend: Pick<Backend, 'commit' | 'ready'>;
  pipelineMetrics: PipelineMetrics;
  metricsEndpoint: Pick<MetricsEndpoint, 'render'>;
  log: Log;
}

type Handler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;
interface Route {
  readonly methods: readonly string[];
  readonly handle: Handler;
  /** Answered without the token: it tells nothing. */
  readonly open?: boolean;
}

/**
 * The OTLP/HTTP server: spans in, an answer when they are committed. Every request is bounded in size and in time, and
 * none ends the process.
 */
export class Receiver {
  readonly #options: ReceiverOptions;
  readonly #server: Server;
  readonly #budget: ByteBudget;
  readonly #metrics: ReceiverMetrics;
  readonly #mayAsk: (authorization: string | undefined) => boolean;
  readonly #tooMany = new Episode();
  /** Requests that are not answered yet. */
  readonly #open = new Set<ServerResponse>();
  #draining = false;

  readonly #routes: Readonly<Record<string, Route>> = {
    '/v1/traces': { methods: ['POST'], handle: (request, response) => this.#traces(request, response) },
    '/v1/metrics': { methods: ['POST'], handle: (request, response) => this.#ignored(request, response) },
    '/v1/logs': { methods: ['POST'], handle: (request, response) => this.#ignored(request, response) },
    '/healthz': {
      methods: ['GET', 'HEAD'],
      open: true,
      handle: async (_, response) => sendText(response, 200, 'ok'),
    },
    '/readyz': { methods: ['GET', 'HEAD'], open: true, handle: (_, response) => this.#ready(response) },
    '/metrics': {
      methods: ['GET', 'HEAD'],
      handle: (request, response) => this.#metricsPage(request, response),
    },
  };

  private constructor(options: ReceiverOptions) {
    this.#options = options;
    this.#budget = new ByteBudget(options.maxInFlightBytes);
    this.#metrics = new ReceiverMetrics(() => this.#budget.used);
    this.#mayAsk = bearerAuth(options.authToken);
    this.#server = createServer({
      headersTimeout: options.headersTimeoutMs ?? 10_000,
      requestTimeout: options.requestTimeoutMs ?? 30_000,
      keepAliveTimeout: KEEP_ALIVE_MS,
      connectionsCheckingInterval: Math.min(1_000, options.headersTimeoutMs ?? 1_000),
    });
    this.#server.maxConnections = options.maxConnections;
    const listener = (request: IncomingMessage, response: ServerResponse) =>
      void this.#answer(request, response).catch(() => response.destroy());
    this.#server.on('request', listener);
    // With a listener here a body is asked for only after the head was found good.
    this.#server.on('checkContinue', listener);
    this.#server.on('drop', () => {
      if (this.#tooMany.ageMs > DROP_LOG_MS) this.#tooMany.end();
      this.#tooMany.begin(() =>
        options.log.warn('connections are refused: too many are open', {
          max_connections: options.maxConnections,
        }),
      );
    });
  }

  /**
   * Begins to listen.
   * @throws the system's error when it cannot, as when the port is taken.
   */
  static async start(options: ReceiverOptions): Promise<Receiver> {
    const receiver = new Receiver(options);
    const server = receiver.#server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host: options.host, port: options.port }, () => {
        server.off('error', reject);
        resolve();
      });
    });
    return receiver;
  }

  /** Where it listens. */
  get url(): string {
    const { address, port, family } = this.#server.address() as AddressInfo;
    return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
  }

  /** Accepts no more, and answers what is under way within `graceMs`; what is not answered then is cut off. */
  async stop(graceMs: number): Promise<void> {
    this.#draining = true;
    for (const response of this.#open) closeAfter(response);
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    await within(graceMs, closed, undefined);
    this.#server.closeAllConnections();
    await closed;
    this.#metrics.shutdown();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const startMs = performance.now();
    const { method = '', url = '' } = request;
    const path = url.split('?', 1)[0] ?? '';
    const route = Object.hasOwn(this.#routes, path) ? this.#routes[path] : undefined;
    // A socket that breaks has nobody to tell.
    response.on('error', () => {});
    this.#open.add(response);
    response.once('close', () => this.#open.delete(response));
    try {
      if (this.#draining) closeAfter(response);
      if (route === undefined) throw new HttpError(404, 'there is nothing here; traces go to /v1/traces');
      if (!route.methods.includes(method)) {
        throw new HttpError(405, `expected ${route.methods.join(' or ')}`, {
          allow: route.methods.join(', '),
        });
      }
      if (route.open !== true && !this.#mayAsk(request.headers.authorization)) {
        throw new HttpError(401, 'expected authorization: Bearer TOKEN', { 'www-authenticate': 'Bearer' });
      }
      await route.handle(request, response);
    } catch (error) {
      this.#refuse(request, response, error);
    }
    const seconds = (performance.now() - startMs) / 1_000;
    this.#metrics.answered(method, route && path, response.statusCode, seconds);
    this.#options.log.debug('answered', {
      method,
      path: route && path,
      status: response.statusCode,
      ms: Math.round(seconds * 1_000),
    });
  }

  async #traces(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const encoding = encodingOf(request);
    const stated = statedLength(request, this.#options);
    const share = this.#budget.open(stated ?? 0);
    if (share === undefined) throw overloaded();
    try {
      const read = await this.#read(request, response, encoding, stated, share);
      const refusedByDatabase = await this.#commit(read);
      const refused = new Map(read.refused);
      if (refusedByDatabase > 0) refused.set('refused_by_database', refusedByDatabase);
      let count = 0;
      for (const spans of refused.values()) count += spans;
      const reasons = [...refused].map(([reason, spans]) => `${reason}: ${spans}`).join(', ');
      send(response, 200, CONTENT_TYPES[encoding], encodeResponse(encoding, count, reasons));
    } finally {
      share.close();
    }
  }

  async #read(
    request: IncomingMessage,
    response: ServerResponse,
    encoding: Encoding,
    stated: number | undefined,
    share: Share,
  ): Promise<TraceRequest> {
    acceptBody(request, response);
    const body = await readBody(request, share, stated, this.#options);
    const { maxRequestSpans, pipelineMetrics } = this.#options;
    const read = readTraceRequest(body, encoding, { ...DEFAULT_LIMITS, spans: maxRequestSpans });
    this.#metrics.ignored(read.ignored);
    this.#metrics.limited(read.limited);
    for (const [reason, spans] of read.refused) pipelineMetrics.dropped(spans, reason);
    return read;
  }

  async #commit({ facts }: TraceRequest): Promise<number> {
    try {
      const refused = await this.#options.backend.commit(facts);
      this.#options.pipelineMetrics.accepted(facts.length);
      return refused;
    } catch {
      // The backend has said why. Nothing is lost: the sender still has the spans.
      throw unavailable('the database is away, try again later', 2);
    }
  }

  /** Metrics and logs: taken, so that an SDK that sends everything to one place is content, and thrown away. */
  async #ignored(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const encoding = encodingOf(request);
    statedLength(request, this.#options);
    acceptBody(request, response);
    request.resume();
    send(response, 200, CONTENT_TYPES[encoding], encodeResponse(encoding));
  }

  async #ready(response: ServerResponse): Promise<void> {
    const ready = !this.#draining && (await this.#options.backend.ready());
    sendText(
      response,
      ready ? 200 : 503,
      ready ? 'ready' : this.#draining ? 'stopping' : 'the database is away',
    );
  }

  async #metricsPage(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { contentType, body } = await this.#options.metricsEndpoint.render(request.headers.accept);
    send(response, 200, contentType, Buffer.from(body));
  }

  #refuse(request: IncomingMessage, response: ServerResponse, error: unknown): void {
    // The sender has gone away: nobody is there to be answered.
    if (response.headersSent || error instanceof AbortedError || request.socket?.destroyed !== false) {
      response.destroy();
      return;
    }
    const answer = asHttpError(error);
    if (answer.status === 500) this.#options.log.error('a request failed', { error: errorClass(error) });
    const encoding = preferredEncoding(request);
    for (const [name, value] of Object.entries(answer.headers)) response.setHeader(name, value);
    send(response, answer.status, CONTENT_TYPES[encoding], encodeStatus(encoding, answer));
    // A sender reads its answer after it has sent all: the rest of the body is let through and thrown away, for as long
    // as a request may take. Only what is too long is cut off sooner.
    request.resume();
    if (request.complete || answer.status !== 413) return;
    const timer = setTimeout(() => request.destroy(), LINGER_MS).unref();
    request.once('close', () => clearTimeout(timer));
  }
}

function asHttpError(error: unknown): HttpError {
  if (error instanceof HttpError) return error;
  if (error instanceof MalformedError) return new HttpError(400, error.message);
  if (error instanceof TooLargeError) return new HttpError(413, error.message);
  return new HttpError(500, 'the receiver has failed');
}

/**
 * How the body is encoded, and so the answer.
 * @throws HttpError 415
 */
function encodingOf(request: IncomingMessage): Encoding {
  const type = mediaType(request);
  if (type === CONTENT_TYPES.protobuf) return 'protobuf';
  if (type === CONTENT_TYPES.json) return 'json';
  throw new HttpError(415, `content-type: expected ${CONTENT_TYPES.protobuf} or ${CONTENT_TYPES.json}`);
}

const preferredEncoding = (request: IncomingMessage): Encoding =>
  mediaType(request) === CONTENT_TYPES.protobuf ? 'protobuf' : 'json';

const mediaType = ({ headers }: IncomingMessage) =>
  headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase();

function acceptBody(request: IncomingMessage, response: ServerResponse): void {
  if (request.headers.expect !== undefined) response.writeContinue();
}

/** The connection ends with this answer. */
function closeAfter(response: ServerResponse): void {
  if (!response.headersSent) response.setHeader('connection', 'close');
}

function send(response: ServerResponse, status: number, contentType: string, body: Buffer): void {
  response.writeHead(status, { 'content-type': contentType, 'content-length': body.length });
  response.end(body);
}

const sendText = (response: ServerResponse, status: number, text: string) =>
  send(response, status, 'text/plain; charset=utf-8', Buffer.from(`${text}\n`));
