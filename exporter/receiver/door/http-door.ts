import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { within } from '../../kit/deadline.ts';
import { Connections } from './connections.ts';
import { closeAfter } from './exchange.ts';

/** Longer than the idle time of the usual balancers, so that they close first and lose no request. */
const KEEP_ALIVE_MS = 75_000;

export interface HttpDoorOptions {
  host: string;
  /** 0: one that is free. */
  port: number;
  maxConnections: number;
  /** For the head of a request, in milliseconds. A client that dribbles holds a connection, and not for long. (Default: 10 000 ms.) */
  headersTimeoutMs?: number | undefined;
  /** For a request as a whole, in milliseconds. (Default: 30 000 ms.) */
  requestTimeoutMs?: number | undefined;
  /** Answers a request. `full`: more are under way than there may be, so only what costs nothing is to be answered. */
  handle(request: IncomingMessage, response: ServerResponse, full: boolean): Promise<void>;
  /** Called for each connection that is closed because all others are busy. */
  onRefused(): void;
}

/** For the requests that may take longest, which an upload of hours of sound may. */
const LONGEST_REQUEST_MS = 900_000;
const deadlines = new WeakMap<IncomingMessage, NodeJS.Timeout>();

/** Lets a request take as long as it goes on: 15 minutes at most, and no more than so long without a byte. */
export function allowLonger(request: IncomingMessage, quietMs: number): void {
  clearTimeout(deadlines.get(request));
  const timer = setTimeout(() => cutOff(request), quietMs).unref();
  deadlines.set(request, timer);
  request.on('data', () => timer.refresh());
}

function cutOff(request: IncomingMessage): void {
  if (request.complete) return;
  request.socket.end('HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n');
  request.destroy();
}

/** One HTTP server at one address, bounded in connections and in time. No request ends the process. */
export class HttpDoor {
  readonly #server: Server;
  /** Requests that are not answered yet. */
  readonly #open = new Set<ServerResponse>();
  #draining = false;

  private constructor({
    maxConnections,
    headersTimeoutMs,
    requestTimeoutMs,
    handle,
    onRefused,
  }: HttpDoorOptions) {
    this.#server = createServer({
      headersTimeout: headersTimeoutMs ?? 10_000,
      requestTimeout: LONGEST_REQUEST_MS,
      keepAliveTimeout: KEEP_ALIVE_MS,
      connectionsCheckingInterval: Math.min(1_000, headersTimeoutMs ?? 1_000),
    });
    const connections = new Connections(maxConnections, onRefused);
    connections.follow(this.#server);
    const listener = (request: IncomingMessage, response: ServerResponse) => {
      // A socket that breaks has no reader.
      response.on('error', () => {});
      this.#open.add(response);
      deadlines.set(request, setTimeout(() => cutOff(request), requestTimeoutMs ?? 30_000).unref());
      response.once('close', () => {
        this.#open.delete(response);
        clearTimeout(deadlines.get(request));
      });
      if (this.#draining) closeAfter(response);
      handle(request, response, connections.begin(request, response)).catch(() => response.destroy());
    };
    this.#server.on('request', listener);
    // With a listener here a body is asked for only after the head was found good.
    this.#server.on('checkContinue', listener);
  }

  /**
   * Begins to listen.
   * @throws the system's error when it cannot, as when the port is taken.
   */
  static async open(options: HttpDoorOptions): Promise<HttpDoor> {
    const door = new HttpDoor(options);
    const server = door.#server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host: options.host, port: options.port }, () => {
        server.off('error', reject);
        resolve();
      });
    });
    return door;
  }

  /** Where it listens. */
  get url(): string {
    const { address, port, family } = this.#server.address() as AddressInfo;
    return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
  }

  /** Accepts no more, and answers what is under way within `graceMs`; what is not answered then is cut off. */
  async close(graceMs: number): Promise<void> {
    this.#draining = true;
    for (const response of this.#open) closeAfter(response);
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    await within(graceMs, closed, undefined);
    this.#server.closeAllConnections();
    await closed;
  }
}
