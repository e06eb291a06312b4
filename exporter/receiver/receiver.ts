import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Fact } from '../../model/facts.ts';
import type { Kept } from '../../recordings/kept.ts';
import { Episode } from '../kit/episode.ts';
import { Seldom } from '../kit/seldom.ts';
import type { MetricsEndpoint } from '../metrics/open-metrics.ts';
import type { PipelineMetrics } from '../metrics/pipeline-metrics.ts';
import { errorClass } from '../store/errors.ts';
import type { Backend } from './backend.ts';
import { DEFAULT_LIMITS } from './decode/limits.ts';
import { type AdmissionOptions, admission } from './door/admission.ts';
import {
  CONTENT_TYPES,
  type Encoding,
  encodeResponse,
  encodeStatus,
  HttpError,
  unavailable,
} from './door/answer.ts';
import { AbortedError, type BodyLimits, overloaded, readBody, statedLength } from './door/body.ts';
import { ByteBudget, type Share } from './door/budget.ts';
import {
  acceptBody,
  asHttpError,
  closeAfter,
  discard,
  encodingOf,
  preferredEncoding,
  send,
  sendText,
} from './door/exchange.ts';
import { HttpDoor, type HttpDoorOptions } from './door/http-door.ts';
import type { Sender } from './door/tokens.ts';
import { LiveKitKeys } from './livekit/keys.ts';
import { LiveKitUploads } from './livekit/uploads.ts';
import type { Log } from './log.ts';
import { readLogRequest } from './log-request.ts';
import { ReceiverMetrics } from './receiver-metrics.ts';
import { allowed, type Guest, type Routes } from './routes.ts';
import { readTraceRequest, type TraceRequest } from './trace-request.ts';
import type { WebhookSettings } from './webhooks/hooks.ts';
import { webhookRoutes } from './webhooks/webhooks.ts';

/** How long the rest of a body that is too long, or does not say how long it is, may still come after its answer. */
const LINGER_MS = 2_000;
/** Between two lines about refused connections. */
const DROP_LOG_MS = 60_000;

const ROWS_WAIT = 'ready: spans are taken. Calls wait for their rows: the log says why';

/** Probes and scrapes at once on the port for them. */
const MAX_ADMIN_CONNECTIONS = 64;

export interface ReceiverOptions
  extends BodyLimits,
    AdmissionOptions,
    Pick<HttpDoorOptions, 'port' | 'maxConnections' | 'headersTimeoutMs' | 'requestTimeoutMs'> {
  /** For a second server with the probes and the metrics, which the first then has not. (Default: none; 0: one that is free.) */
  adminPort?: number | undefined;
  maxInFlightBytes: number;
  maxRequestSpans: number;
  /** Keep what was said in the spans of frameworks. */
  captureContent: boolean;
  backend: Pick<Backend, 'commit' | 'ready'> & Partial<Pick<Backend, 'rowsWait'>>;
  pipelineMetrics: PipelineMetrics;
  metricsEndpoint: Pick<MetricsEndpoint, 'render'>;
  /** Who may upload from LiveKit Agents. (Default: no one.) */
  livekitKeys?: LiveKitKeys | undefined;
  /** Where the recordings that they upload are kept. (Default: none is.) */
  recordings?: Kept | undefined;
  maxRecordingBytes: number;
  /** For webhooks of hosted platforms. (Default: there are none.) */
  webhooks?: WebhookSettings | undefined;
  /** Answers what is not the receiver's, and decides who may ask it. (Default: nothing is there.) */
  page?: Guest | undefined;
  log: Log;
}

/**
 * The OTLP/HTTP server: spans in, an answer when they are committed. Every request is bounded in size and in time, and
 * none ends the process.
 */
export class Receiver {
  readonly #options: ReceiverOptions;
  readonly #budget: ByteBudget;
  readonly #metrics: ReceiverMetrics;
  readonly #admit: ReturnType<typeof admission>;
  readonly #livekit: Routes;
  readonly #tooMany = new Episode();
  readonly #unread = new Seldom();
  #door: HttpDoor | undefined;
  #adminDoor: HttpDoor | undefined;
  #draining = false;

  readonly #probes: Routes = {
    '/healthz': {
      methods: ['GET', 'HEAD'],
      open: true,
      handle: async (_, response) => sendText(response, 200, 'ok'),
    },
    '/readyz': { methods: ['GET', 'HEAD'], open: true, handle: (_, response) => this.#ready(response) },
  };
  readonly #metricsRoute: Routes = {
    '/metrics': { methods: ['GET', 'HEAD'], handle: (...parts) => this.#metricsPage(...parts) },
  };
  readonly #otlp: Routes = {
    '/v1/traces': { methods: ['POST'], handle: (...parts) => this.#traces(...parts) },
    '/v1/metrics': { methods: ['POST'], handle: (request, response) => this.#ignored(request, response) },
    '/v1/logs': { methods: ['POST'], handle: (...parts) => this.#logs(...parts) },
  };

  private constructor(options: ReceiverOptions) {
    this.#options = options;
    this.#budget = new ByteBudget(options.maxInFlightBytes);
    this.#metrics = new ReceiverMetrics(() => this.#budget.used);
    this.#admit = admission(options);
    const uploads = new LiveKitUploads({
      ...options,
      keys: options.livekitKeys ?? new LiveKitKeys([]),
      budget: this.#budget,
      commit: async (facts) => void (await this.#commit(facts)),
      limited: () => this.#metrics.limited(1),
    });
    this.#livekit = uploads.routes(
      (...parts) => this.#traces(...parts),
      (request, response) => this.#ignored(request, response),
    );
  }

  /**
   * Begins to listen.
   * @throws the system's error when it cannot, as when a port is taken.
   */
  static async start(options: ReceiverOptions): Promise<Receiver> {
    const receiver = new Receiver(options);
    const { adminPort } = options;
    const admin = { ...receiver.#probes, ...receiver.#metricsRoute };
    if (adminPort !== undefined) {
      const own = { ...options, port: adminPort, maxConnections: MAX_ADMIN_CONNECTIONS };
      receiver.#adminDoor = await receiver.#open(own, admin);
    }
    try {
      const routes = {
        ...receiver.#otlp,
        ...receiver.#livekit,
        ...receiver.#webhooks(),
        ...(adminPort === undefined ? admin : receiver.#probes),
      };
      receiver.#door = await receiver.#open(options, routes);
    } catch (error) {
      await receiver.stop(0);
      throw error;
    }
    return receiver;
  }

  #open({ host, port, maxConnections, headersTimeoutMs, requestTimeoutMs }: ReceiverOptions, routes: Routes) {
    return HttpDoor.open({
      host,
      port,
      maxConnections,
      headersTimeoutMs,
      requestTimeoutMs,
      handle: (request, response, full) => this.#answer(routes, request, response, full),
      onRefused: () => this.#refusedConnection(),
    });
  }

  /** Of hosted platforms; what they report goes the way of spans. */
  #webhooks(): Routes {
    const { webhooks: settings, maxBodyBytes, maxInflatedBytes } = this.#options;
    if (settings === undefined) return {};
    return webhookRoutes({
      settings,
      maxBodyBytes,
      maxInflatedBytes,
      budget: this.#budget,
      commit: async (facts) => {
        const refused = await this.#commit(facts);
        this.#metrics.accepted(facts.length, undefined);
        if (refused > 0) throw new HttpError(400, 'the database refused a part of the report');
      },
    });
  }

  /** Where it takes spans. */
  get url(): string {
    return this.#door?.url ?? '';
  }

  /** Where the probes and metrics are, when they have a port of their own. */
  get adminUrl(): string | undefined {
    return this.#adminDoor?.url;
  }

  /** Accepts no more, and answers what is under way within `graceMs`; what is not answered then is cut off. */
  async stop(graceMs: number): Promise<void> {
    this.#draining = true;
    this.#options.page?.close();
    await Promise.all([this.#door?.close(graceMs), this.#adminDoor?.close(graceMs)]);
    this.#metrics.shutdown();
  }

  #full(response: ServerResponse): HttpError {
    closeAfter(response);
    this.#refusedConnection();
    return unavailable('too many connections are open, try again later');
  }

  #refusedConnection(): void {
    if (this.#tooMany.ageMs > DROP_LOG_MS) this.#tooMany.end();
    this.#tooMany.begin(() =>
      this.#options.log.warn('connections are refused: too many are open', {
        max_connections: this.#options.maxConnections,
      }),
    );
  }

  async #answer(
    routes: Routes,
    request: IncomingMessage,
    response: ServerResponse,
    full: boolean,
  ): Promise<void> {
    const startMs = performance.now();
    const { method = '', url = '' } = request;
    // LiveKit's agents in Python put their paths behind an address that ends in a slash.
    const path = url.split('?', 1)[0]?.replace(/^\/{2,}/, '/') ?? '';
    const route = Object.hasOwn(routes, path) ? routes[path] : undefined;
    let sender: Sender = {};
    let reason: string | undefined;
    try {
      const { page } = this.#options;
      if (route === undefined && page !== undefined && routes['/v1/traces'] !== undefined) {
        if (full) throw this.#full(response);
        await page.answer(request, response);
      } else {
        const found = allowed(route, method);
        if (found.open !== true) {
          if (full) throw this.#full(response);
          if (found.isSigned !== true) sender = (found.admit ?? this.#admit)(request.headers);
        }
        await found.handle(request, response, sender);
      }
    } catch (error) {
      this.#refuse(request, response, error);
      // A platform shows its answers to no one. They quote nothing of what was said.
      if (route?.isSigned === true && error instanceof HttpError) reason = error.message;
    }
    // Signed by the platform, and not understood: its calls have no rows.
    if (reason !== undefined && response.statusCode === 400)
      this.#unread.say(path, (count) =>
        this.#options.log.warn("a platform's report was refused", { path, reason, count }),
      );
    const seconds = (performance.now() - startMs) / 1_000;
    this.#metrics.answered(method, route && path, response.statusCode, seconds);
    this.#options.log.debug('answered', {
      method,
      path: route && path,
      status: response.statusCode,
      sender: sender.name,
      reason,
      ms: Math.round(seconds * 1_000),
    });
  }

  async #traces(request: IncomingMessage, response: ServerResponse, sender: Sender): Promise<void> {
    const encoding = encodingOf(request);
    const stated = statedLength(request, this.#options);
    const share = this.#budget.open(stated ?? 0);
    if (share === undefined) throw overloaded();
    try {
      const read = await this.#read(request, response, encoding, stated, share, sender.tenant);
      const refusedByDatabase = await this.#commit(read.facts);
      this.#metrics.accepted(read.facts.length, sender.name);
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
    tenant: string | undefined,
  ): Promise<TraceRequest> {
    acceptBody(request, response);
    const body = await readBody(request, share, stated, this.#options);
    const { maxRequestSpans, pipelineMetrics, captureContent } = this.#options;
    const limits = { ...DEFAULT_LIMITS, spans: maxRequestSpans };
    const read = readTraceRequest(body, encoding, limits, { captureContent }, tenant);
    this.#metrics.ignored(read.ignored);
    this.#metrics.limited(read.limited);
    for (const [reason, spans] of read.refused) pipelineMetrics.dropped(spans, reason);
    return read;
  }

  async #commit(facts: readonly Fact[]): Promise<number> {
    try {
      const refused = await this.#options.backend.commit(facts);
      this.#options.pipelineMetrics.accepted(facts.length);
      return refused;
    } catch {
      // The backend has said why. Nothing is lost: the sender still has the spans.
      throw unavailable('the database is away, try again later', 2);
    }
  }

  /** Of logs, what evaluators say of calls; all else is accepted, and thrown away. */
  async #logs(request: IncomingMessage, response: ServerResponse, sender: Sender): Promise<void> {
    const encoding = encodingOf(request);
    const stated = statedLength(request, this.#options);
    const share = this.#budget.open(stated ?? 0);
    if (share === undefined) throw overloaded();
    try {
      acceptBody(request, response);
      const body = await readBody(request, share, stated, this.#options);
      const limits = { ...DEFAULT_LIMITS, spans: this.#options.maxRequestSpans };
      const { facts, limited } = readLogRequest(body, encoding, limits, sender.tenant);
      this.#metrics.limited(limited);
      if (facts.length > 0) {
        await this.#commit(facts);
        this.#metrics.accepted(facts.length, sender.name);
      }
      send(response, 200, CONTENT_TYPES[encoding], encodeResponse(encoding));
    } finally {
      share.close();
    }
  }

  /** Metrics: accepted, so that an SDK may send everything to one place, and thrown away. */
  async #ignored(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const encoding = encodingOf(request);
    statedLength(request, this.#options);
    acceptBody(request, response);
    discard(request, this.#options.maxBodyBytes);
    send(response, 200, CONTENT_TYPES[encoding], encodeResponse(encoding));
  }

  /** Ready is who takes spans: another process would have the same trouble with rows, and senders would only wait. */
  async #ready(response: ServerResponse): Promise<void> {
    const { backend } = this.#options;
    const ready = !this.#draining && (await backend.ready());
    const why = this.#draining ? 'stopping' : 'the database is away';
    const how = backend.rowsWait?.() === true ? ROWS_WAIT : 'ready';
    sendText(response, ready ? 200 : 503, ready ? how : why);
  }

  async #metricsPage(request: IncomingMessage, response: ServerResponse, sender: Sender): Promise<void> {
    if (sender.tenant !== undefined)
      throw new HttpError(403, 'metrics are about all tenants: expected a token that is bound to none');
    const { contentType, body } = await this.#options.metricsEndpoint.render(request.headers.accept);
    send(response, 200, contentType, Buffer.from(body));
  }

  #refuse(request: IncomingMessage, response: ServerResponse, error: unknown): void {
    // The sender has gone away: there is no one to answer.
    if (response.headersSent || error instanceof AbortedError || request.socket?.destroyed !== false) {
      response.destroy();
      return;
    }
    const answer = asHttpError(error);
    if (answer.status === 500) this.#options.log.error('a request failed', { error: errorClass(error) });
    const encoding = preferredEncoding(request);
    for (const [name, value] of Object.entries(answer.headers)) response.setHeader(name, value);
    send(response, answer.status, CONTENT_TYPES[encoding], encodeStatus(encoding, answer));
    // A sender reads its answer after it has sent all: the rest of a body of a stated length is let through and thrown
    // away. What is too long, or may have no end, is cut off sooner.
    discard(request, this.#options.maxBodyBytes);
    const stated = request.headers['content-length'] !== undefined;
    if (request.complete || (stated && answer.status !== 413)) return;
    const timer = setTimeout(() => request.destroy(), LINGER_MS).unref();
    request.once('close', () => clearTimeout(timer));
  }
}
