import { errorType, guard } from '../../../call/spans.ts';
import { at, foreign, type Method } from '../patch.ts';
import { type SdkRequest, type StartRequest, tracedRequest } from './sdk-request.ts';
import { isAbort } from './streams.ts';

/** The promise of a Fern SDK: what it gives is inside of it, and it stays the same promise with its methods. */
interface HttpResponsePromise {
  innerPromise: Promise<{ readonly data: unknown; readonly rawResponse?: unknown }>;
}

/**
 * A request method of a Fern SDK (@deepgram/sdk, @elevenlabs/elevenlabs-js) that becomes a stage each time it is called.
 *
 * @param position Of the request among the arguments. Its options come last.
 */
export const tracedFernRequest = (
  sdk: string,
  start: StartRequest,
  position = 0,
): ((method: Method) => Method) =>
  tracedRequest(sdk, start, {
    position,
    listen: (promise, request, args) => listen(promise, request, at(args.at(-1), 'abortSignal')),
  });

/** @param signal By which the caller may give the request up. */
function listen(promise: unknown, tap: SdkRequest, signal: unknown): void {
  const failed = (error: unknown): void => {
    // Given up before the answer came: the SDK says so with an error of its own.
    const aborted = isAbort(error) || isAbort(at(error, 'cause')) || at(signal, 'aborted') === true;
    guard('following a request', () => (aborted ? tap.cancel() : tap.failed(classOf(error))));
  };
  if (!(foreign(promise)?.innerPromise instanceof Promise)) {
    // Older versions give a plain promise.
    const parsed = (data: unknown): void => void guard('following a request', () => tap.parsed(data));
    if (promise instanceof Promise) void promise.then(parsed, failed);
    else tap.cancel();
    return;
  }
  const request = promise as HttpResponsePromise;
  request.innerPromise = request.innerPromise.then(
    (answer) => {
      guard('following a request', () => tap.parsed(answer.data, answer.rawResponse));
      return answer;
    },
    (error) => {
      failed(error);
      throw error;
    },
  );
}

/** Statuses without a class of their own come as the SDK's plain error: then the status says more (429: too many requests). */
function classOf(error: unknown): unknown {
  const status = at(error, 'statusCode');
  const plain = Object.getPrototypeOf(Object.getPrototypeOf(error ?? {}) ?? {}) === Error.prototype;
  return plain && typeof status === 'number' && /Error$/.test(errorType(error)) ? String(status) : error;
}
