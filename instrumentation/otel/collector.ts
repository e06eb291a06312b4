import { connect } from 'node:net';
import { core } from './core.ts';
import { otlpProtocol, type Signal } from './otel-env.ts';

/** Of the second that a process without a collector may take to end, in milliseconds. */
const CONNECT_TIMEOUT_MS = 800;
const PORTS: Readonly<Record<string, number>> = { 'http:': 80, 'https:': 443, 'grpc:': 4317 };

/** Where a signal goes by OTLP, as the standard's variables or its defaults say: `http://localhost:4318`. */
export function otlpEndpoint(signal: Signal): string {
  return (
    core().getStringFromEnv(`OTEL_EXPORTER_OTLP_${signal}_ENDPOINT`)?.trim() ??
    core().getStringFromEnv('OTEL_EXPORTER_OTLP_ENDPOINT')?.trim() ??
    (otlpProtocol(signal) === 'grpc' ? 'http://localhost:4317' : 'http://localhost:4318')
  );
}

/** Endpoints that are being asked, or were there. */
const asked = new Map<string, Promise<boolean>>();

/**
 * Whether something listens at an endpoint. What was there is not asked again: a process asks when it is told to end, and
 * when it does. A URL that is none is the exporter's to report.
 */
export function answers(endpoint: string): Promise<boolean> {
  const answer = asked.get(endpoint) ?? ask(endpoint);
  asked.set(endpoint, answer);
  void answer.then((there) => there || asked.delete(endpoint));
  return answer;
}

function ask(endpoint: string): Promise<boolean> {
  // OTLP over gRPC is also given as `host:port`.
  const text = endpoint.includes('://') ? endpoint : `grpc://${endpoint}`;
  if (!URL.canParse(text)) return Promise.resolve(true);
  const { protocol, hostname, port } = new URL(text);
  const host = hostname.replace(/^\[|\]$/g, '');
  const socket = connect({ host, port: port === '' ? (PORTS[protocol] ?? 4317) : Number(port) });
  socket.unref();
  return new Promise<boolean>((resolve) => {
    const timer = setTimeout(() => {
      // What came in while the event loop stood still is heard before this.
      setImmediate(() => resolve(false));
    }, CONNECT_TIMEOUT_MS).unref();
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('close', () => clearTimeout(timer));
  }).finally(() => socket.destroy());
}

/** An endpoint as it may be printed: without its account and password. */
export function printable(endpoint: string): string {
  if (!URL.canParse(endpoint)) return endpoint;
  const { protocol, host } = new URL(endpoint);
  return host === '' ? endpoint : `${protocol}//${host}`;
}
