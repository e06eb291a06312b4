import { errorType, guard } from '../../spans.ts';
import type { RequestTap } from './api-promise.ts';
import { at, foreign } from './patch.ts';
import { isAbort } from './streams.ts';

/** Who listens to a request of a Fern SDK. */
export interface ResponseTap extends Pick<RequestTap, 'failed'> {
  /** The answer came. `data` is what the caller gets: it is listened to in place. `response`: its status and headers. */
  parsed(data: unknown, response?: unknown): void;
  /** The caller gave it up. */
  cancel(): void;
}

/** The promise of a Fern SDK: what it gives is inside of it, and it stays the same promise with its methods. */
interface HttpResponsePromise {
  innerPromise: Promise<{ readonly data: unknown; readonly rawResponse?: unknown }>;
}

/**
 * Listens to a request in place.
 *
 * @param signal By which the caller may give it up.
 */
export function tapHttpResponsePromise(promise: unknown, tap: ResponseTap, signal?: unknown): void {
  if (!(foreign(promise)?.innerPromise instanceof Promise)) {
    tap.cancel();
    return;
  }
  const request = promise as HttpResponsePromise;
  request.innerPromise = request.innerPromise.then(
    (answer) => {
      guard('following a request', () => tap.parsed(answer.data, answer.rawResponse));
      return answer;
    },
    (error) => {
      // Given up before the answer came: the SDK says so with an error of its own.
      const aborted = isAbort(error) || isAbort(at(error, 'cause')) || at(signal, 'aborted') === true;
      guard('following a request', () => (aborted ? tap.cancel() : tap.failed(classOf(error))));
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
