import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';

/** A request as it came, its body unpacked. */
export interface OtlpRequest {
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

/** A span of OTLP/JSON with its attributes as plain values. */
export interface ReceivedSpan {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly traceState?: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly events: readonly unknown[];
  readonly resource: Readonly<Record<string, unknown>>;
  readonly scope: string;
}

interface KeyValue {
  key: string;
  value: Record<string, unknown>;
}

interface TraceExport {
  resourceSpans: {
    resource: { attributes: KeyValue[] };
    scopeSpans: { scope: { name: string }; spans: Record<string, unknown>[] }[];
  }[];
}

/** An OpenTelemetry collector's OTLP/HTTP endpoint on loopback that accepts everything and keeps it. */
export class OtlpReceiver {
  readonly requests: OtlpRequest[] = [];
  /** Connections that ended without a word: someone looked whether the collector is there. */
  probes = 0;
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(): Promise<OtlpReceiver> {
    const server = createServer();
    const receiver = new OtlpReceiver(server);
    server.on('request', async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk);
      const body = Buffer.concat(chunks);
      receiver.requests.push({
        path: request.url ?? '',
        headers: request.headers,
        body: request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body,
      });
      response.setHeader('content-type', request.headers['content-type'] ?? 'application/json');
      response.end(request.headers['content-type'] === 'application/json' ? '{}' : undefined);
    });
    server.on('connection', (socket) => {
      socket.once('close', () => {
        if (socket.bytesRead === 0) receiver.probes += 1;
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return receiver;
  }

  /** For `OTEL_EXPORTER_OTLP_ENDPOINT`. */
  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Every span received as JSON so far. */
  get spans(): ReceivedSpan[] {
    return this.#json('/v1/traces').flatMap((body) =>
      (body as TraceExport).resourceSpans.flatMap(({ resource, scopeSpans }) =>
        scopeSpans.flatMap(({ scope, spans }) =>
          spans.map(
            (span) =>
              ({
                ...span,
                attributes: plain(span.attributes as KeyValue[] | undefined),
                resource: plain(resource.attributes),
                scope: scope.name,
              }) as ReceivedSpan,
          ),
        ),
      ),
    );
  }

  /** Names of the metrics received as JSON so far. */
  get metricNames(): string[] {
    return this.#json('/v1/metrics').flatMap((body) =>
      (body as { resourceMetrics: { scopeMetrics: { metrics: { name: string }[] }[] }[] }).resourceMetrics
        .flatMap(({ scopeMetrics }) => scopeMetrics)
        .flatMap(({ metrics }) => metrics.map(({ name }) => name)),
    );
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #json(path: string): unknown[] {
    return this.requests
      .filter((request) => request.path === path && request.headers['content-type'] === 'application/json')
      .map(({ body }) => JSON.parse(body.toString()));
  }
}

function plain(attributes: KeyValue[] = []): Record<string, unknown> {
  return Object.fromEntries(
    attributes.map(({ key, value }) => {
      const [[kind, inner] = []] = Object.entries(value);
      return [key, kind === 'intValue' ? Number(inner) : inner];
    }),
  );
}
