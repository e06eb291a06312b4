import { guard } from '../spans.ts';
import { type Foreign, foreign } from './patch.ts';

/** What a request of a Stainless SDK led to. */
export interface RequestTap {
  /** The SDK has parsed the response: a stream, an object, or the response itself. Gives back what the caller gets. */
  parsed(result: unknown): unknown;
  /** The caller asked for the bare response, which is then never parsed. */
  raw(response: Response): void;
  /** The request failed; the caller gets the error as it is. */
  failed(error: unknown): void;
}

/** The promise that every request method of openai, groq-sdk and @cartesia/cartesia-js returns. */
interface ApiPromise {
  responsePromise: Promise<unknown>;
  _thenUnwrap(transform: (result: unknown) => unknown): ApiPromise;
  parse(): Promise<unknown>;
  asResponse(): Promise<Response>;
}

const isApiPromise = (value: Foreign): boolean =>
  typeof value._thenUnwrap === 'function' &&
  typeof value.parse === 'function' &&
  typeof value.asResponse === 'function';

/**
 * Listens to a request and gives back what to hand to the caller. The promise stays lazy and keeps its methods
 * (`withResponse`, `asResponse`): nothing is parsed that the caller does not parse.
 */
export function tapApiPromise(promise: unknown, tap: RequestTap): unknown {
  const candidate = foreign(promise);
  const failed = (error: unknown): void => {
    guard('following a request', () => tap.failed(error));
  };
  const parsed = (result: unknown): unknown =>
    guard('following a request', () => tap.parsed(result)) ?? result;
  if (!candidate || !isApiPromise(candidate)) {
    if (typeof candidate?.then === 'function') void Promise.resolve(promise).then(parsed, failed);
    else parsed(promise);
    return promise;
  }
  const api = promise as ApiPromise;
  api.responsePromise?.then(undefined, failed);
  const out = api._thenUnwrap(parsed);
  const { parse, asResponse } = out;
  let parses = false;
  out.parse = function (this: ApiPromise) {
    parses = true;
    const result = parse.call(this);
    // What cannot be parsed fails here only; the response as such had arrived.
    result.then(undefined, failed);
    return result;
  };
  out.asResponse = async function (this: ApiPromise) {
    const response = await asResponse.call(this);
    if (!parses) guard('following a response', () => tap.raw(response));
    return response;
  };
  return out;
}
