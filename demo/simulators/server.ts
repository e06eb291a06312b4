import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { nowMicros } from '../now.ts';
import { type Certificate, makeCertificate } from './certificate.ts';

/** What every simulator is started with. */
export interface SimulatorOptions {
  /** Seed of every delay and id. (Default: 1.) */
  readonly seed?: number;
}

/** What every simulator gives: where it listens, what happened there, and how to stop it. */
export interface Simulator<TruthEvent> {
  /** Origin, for example `http://127.0.0.1:41234`. */
  readonly url: string;
  readonly port: number;
  /** What happened, in order, only ever appended to. Times are epoch microseconds. */
  readonly truth: readonly TruthEvent[];
  /** Ends every connection and stops listening. */
  close(): Promise<void>;
}

/** Events without their time, as a simulator reports them. */
export type Untimed<E> = E extends unknown ? Omit<E, 'atMicros'> : never;

/** Gives what writes down what happens, with its time. */
export const recorder =
  <E extends { readonly atMicros: number }>(truth: E[]) =>
  (event: Untimed<E>, atMicros: number = nowMicros()): void => {
    truth.push({ atMicros, ...event } as unknown as E);
  };

/** A listening server on loopback. */
export interface Loopback {
  readonly url: string;
  /** The same for sockets. */
  readonly wsUrl: string;
  readonly port: number;
  readonly caPath: string | undefined;
  close(): Promise<void>;
}

/** Someone who wants a WebSocket. */
export interface Upgrade {
  readonly request: IncomingMessage;
  readonly url: URL;
  readonly socket: Duplex;
  /** Opens it. It is cut off when the server closes. @param headers Lines of the answer, beside its own. */
  accept(opened: (ws: WebSocket) => void, headers?: readonly string[]): void;
  /** Answers with an HTTP status instead. */
  refuse(status: number, headers?: Readonly<Record<string, string>>): void;
}

interface LoopbackOptions {
  readonly onRequest: RequestListener;
  readonly onUpgrade?: (upgrade: Upgrade) => void;
  /** Speak TLS with a certificate made for the occasion. */
  readonly tls?: boolean;
}

/** Starts an HTTP or HTTPS server on a free port of 127.0.0.1. */
export async function listenOnLoopback({ onRequest, onUpgrade, tls }: LoopbackOptions): Promise<Loopback> {
  const certificate: Certificate | undefined = tls ? await makeCertificate() : undefined;
  const server: Server = certificate
    ? createTlsServer({ key: certificate.key, cert: certificate.cert }, onRequest)
    : createServer(onRequest);
  // Node's 5 seconds would make a client connect again in each turn; the services keep connections for a minute or more.
  server.keepAliveTimeout = 65_000;
  const sockets = new Set<Duplex>();
  server.on(certificate ? 'secureConnection' : 'connection', (socket: Duplex) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  const webSockets = new WebSocketServer({ noServer: true });
  server.on('upgrade', (request, socket, head) => {
    const refuse: Upgrade['refuse'] = (status, headers) => refuseUpgrade(socket, status, headers);
    const accept: Upgrade['accept'] = (opened, headers = []) => {
      if (headers.length > 0) webSockets.once('headers', (lines) => lines.push(...headers));
      webSockets.handleUpgrade(request, socket, head, opened);
    };
    const url = new URL(request.url ?? '/', 'http://localhost');
    if (onUpgrade) onUpgrade({ request, url, socket, accept, refuse });
    else refuse(404);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `${certificate ? 'https' : 'http'}://127.0.0.1:${port}`,
    wsUrl: `${certificate ? 'wss' : 'ws'}://127.0.0.1:${port}`,
    port,
    caPath: certificate?.caPath,
    close: async () => {
      for (const ws of webSockets.clients) ws.terminate();
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
      await certificate?.remove();
    },
  };
}

function refuseUpgrade(socket: Duplex, status: number, headers: Readonly<Record<string, string>> = {}): void {
  const lines = Object.entries({ ...headers, 'content-length': '0', connection: 'close' });
  socket.end(`HTTP/1.1 ${status} Refused\r\n${lines.map(([k, v]) => `${k}: ${v}\r\n`).join('')}\r\n`);
}

/** Reads a JSON body; `undefined` when it is none. */
export async function readJson(request: IncomingMessage): Promise<Record<string, unknown> | undefined> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  try {
    const value: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'));
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/** Answers with JSON. */
export function sendJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
}

/** Waits, or stops waiting when `signal` aborts. Never rejects. */
export function delay(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const done = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener('abort', done, { once: true });
  });
}
