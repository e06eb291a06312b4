import { subscribe } from 'node:diagnostics_channel';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { guard } from '../../call/spans.ts';
import { foreign } from '../kit/patch.ts';
import type { LeastRequest } from './least-request.ts';
import { leastRequest } from './recognise.ts';

const requests = new WeakMap<object, LeastRequest>();

/** What the channels tell. */
interface Message {
  readonly request: ClientRequest;
  readonly response?: IncomingMessage;
  readonly error?: unknown;
}

/**
 * Requests of `node:http` and `node:https`, and of what is made on them, such as node-fetch and axios.
 *
 * @param first A message of the first of these channels that has come already.
 */
export function followHttp(first?: unknown): void {
  on('http.client.request.start', started);
  if (first !== undefined) guard('following a request', () => started(first as Message));
  // Published when the head of the answer has come.
  on('http.client.response.finish', ({ request, response }) => {
    const least = requests.get(request);
    if (!least || !response) return;
    least.responded({
      status: response.statusCode ?? 0,
      contentType: response.headers['content-type'] ?? '',
      encoded: !/^(?:identity)?$/.test(response.headers['content-encoding'] ?? ''),
    });
    tapBody(request, response, least);
  });
  on('http.client.request.error', ({ request, error }) => {
    const least = requests.get(request);
    if (foreign(error)?.name === 'AbortError') least?.left();
    else least?.failed(error);
  });
}

function started({ request }: Message): void {
  if (requests.has(request)) return;
  const address = `${request.protocol}//${String(request.getHeader('host') ?? request.host)}${request.path}`;
  const least = leastRequest(request.method, address);
  if (least) requests.set(request, least);
}

const on = (channel: string, told: (message: Message) => void): void =>
  subscribe(channel, (message) => void guard('following a request', () => told(message as Message)));

/** What comes passes `push`, and in the end nothing. A chunk is told and goes on at once. */
function tapBody(request: ClientRequest, response: IncomingMessage, least: LeastRequest): void {
  const { push } = response;
  response.push = function (this: IncomingMessage, chunk: unknown, ...rest: [BufferEncoding?]): boolean {
    guard('following a request', () => {
      if (chunk instanceof Uint8Array) least.chunk(chunk);
      else if (chunk === null && response.complete) least.ended();
    });
    return push.call(this, chunk, ...rest);
  };
  response.once('close', () =>
    guard('following a request', () => {
      if (response.complete) least.ended();
      // What node-fetch gives up breaks like what the other side does.
      else if (response.errored && foreign(request)?.aborted !== true) least.failed(response.errored);
      else least.left();
    }),
  );
}
