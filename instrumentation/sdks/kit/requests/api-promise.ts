import { guard } from '../../../call/spans.ts';
import { type Foreign, foreign } from '../patch.ts';

/** What a request of a Stainless SDK led to. */
export interface RequestTap {
  /** The response is there, and its body has not been asked for yet. */
  arrived?(): void;
  /** It is asked for. */
  begin?(): void;
  /**
   * The SDK has parsed the response: a stream, an object, or the response itself. It is listened to in place.
   *
   * @param response Its status and headers, where they come beside it.
   */
  parsed(result: unknown, response?: unknown): void;
  /** The caller asked for the bare response of `fetch` or node-fetch, which is then never parsed. */
  raw(response: unknown): void;
  /** The request failed; the caller gets the error as it is. */
  failed(error: unknown): void;
}

/** The promise that every request method of openai, groq-sdk and @cartesia/cartesia-js returns. */
interface ApiPromise {
  responsePromise: Promise<unknown>;
  /** Private in the types. `then` and `withResponse` parse through it, and mostly the promises of `_thenUnwrap`. */
  parseResponse(...args: unknown[]): Promise<unknown>;
  _thenUnwrap?(transform: (...args: unknown[]) => unknown): unknown;
  parse(): Promise<unknown>;
  asResponse(): Promise<Response>;
}

const isApiPromise = (value: Foreign): boolean =>
  typeof value.parseResponse === 'function' &&
  typeof value.parse === 'function' &&
  typeof value.asResponse === 'function';

/**
 * Listens to a request through the promise that the caller gets, which stays the same and lazy: nothing is parsed that
 * the caller does not parse, and nothing twice, whatever else listens to it.
 */
export function tapApiPromise(promise: unknown, tap: RequestTap): void {
  const candidate = foreign(promise);
  const failed = (error: unknown): void => {
    guard('following a request', () => tap.failed(error));
  };
  let last: unknown;
  const parsed = (result: unknown): void => {
    if (result !== undefined && result === last) return;
    last = result;
    guard('following a request', () => tap.parsed(result));
  };
  if (!candidate || !isApiPromise(candidate)) {
    if (typeof candidate?.then === 'function') void Promise.resolve(promise).then(parsed, failed);
    else parsed(promise);
    return;
  }
  const api = promise as ApiPromise;
  let parses = false;
  api.responsePromise?.then(() => {
    if (!parses) guard('following a request', () => tap.arrived?.());
  }, failed);
  const { parseResponse, parse, asResponse, _thenUnwrap } = api;
  api.parseResponse = async function (this: ApiPromise, ...args) {
    parses = true;
    guard('following a request', () => tap.begin?.());
    try {
      const result = await parseResponse.apply(this, args);
      parsed(result);
      return result;
    } catch (error) {
      // What cannot be parsed fails here only; the response as such had arrived.
      failed(error);
      throw error;
    }
  };
  // openai 7 derives promises that know how to parse by themselves.
  if (typeof _thenUnwrap === 'function')
    api._thenUnwrap = function (this: ApiPromise, transform) {
      return _thenUnwrap.call(this, (...args) => {
        parsed(args[0]);
        return transform(...args);
      });
    };
  api.parse = function (this: ApiPromise) {
    parses = true;
    return parse.call(this);
  };
  api.asResponse = async function (this: ApiPromise) {
    const response = await asResponse.call(this);
    if (!parses) guard('following a response', () => tap.raw(response));
    return response;
  };
}
