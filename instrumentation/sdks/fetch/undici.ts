import { subscribe } from 'node:diagnostics_channel';
import { guard } from '../../call/spans.ts';
import { type Foreign, foreign, type Method } from '../kit/patch.ts';
import type { LeastRequest } from './least-request.ts';
import { leastRequest } from './recognise.ts';

const requests = new WeakMap<object, LeastRequest>();
const CREATED = 'undici:request:create';

/**
 * Requests of Node's own `fetch` and of `undici`, which publish to the same channels. What a message is about is found by
 * its request: only the first runs in the context of the code that asked.
 *
 * @param first A message of the first of these channels that has come already.
 */
export function followUndici(first?: unknown): void {
  on(CREATED, created);
  if (first !== undefined) guard('following a request', () => created(foreign(first) ?? {}));
  on('undici:request:headers', ({ request, response }) => {
    const least = requests.get(request as object);
    if (!least) return;
    const { statusCode, headers } = foreign(response) ?? {};
    least.responded({
      status: Number(statusCode),
      contentType: header(headers, 'content-type'),
      encoded: !/^(?:identity)?$/.test(header(headers, 'content-encoding')),
    });
  });
  on('undici:request:trailers', ({ request }) => requests.get(request as object)?.ended());
  on('undici:request:error', ({ request, error }) => {
    const least = requests.get(request as object);
    if (foreign(error)?.name === 'AbortError') least?.left();
    else least?.failed(error);
  });
}

function created({ request }: Foreign): void {
  const { method, origin, path } = foreign(request) ?? {};
  if (requests.has(request as object)) return;
  const least = leastRequest(method, `${origin}${path}`);
  if (!least) return;
  requests.set(request as object, least);
  tapData(request as Record<string, unknown>, least);
}

const on = (channel: string, told: (message: Foreign) => void): void =>
  subscribe(channel, (message) => void guard('following a request', () => told(foreign(message) ?? {})));

/** The body, which every Node shows here. A chunk is told and goes on at once. */
function tapData(request: Record<string, unknown>, least: LeastRequest): void {
  const { onData } = request;
  if (typeof onData !== 'function') return;
  request.onData = function (this: unknown, ...args: unknown[]): unknown {
    const [chunk] = args;
    if (chunk instanceof Uint8Array) guard('following a request', () => least.chunk(chunk));
    return (onData as Method).apply(this, args);
  };
}

/** One of the headers, which come as bytes: names and values in turns. */
function header(headers: unknown, name: string): string {
  if (!Array.isArray(headers)) return '';
  for (let i = 0; i + 1 < headers.length; i += 2)
    if (String(headers[i]).toLowerCase() === name) return String(headers[i + 1]).toLowerCase();
  return '';
}
