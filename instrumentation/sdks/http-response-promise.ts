import { guard } from '../spans.ts';
import { at, foreign } from './patch.ts';
import { isAbort } from './streams.ts';

/** What a request of a Fern SDK led to. */
export interface ResponseTap {
  /** The answer came. `data` is what the caller gets; it is listened to in place. */
  answered(data: unknown, response: unknown): void;
  /** The request failed; the caller gets the error as it is. */
  failed(error: unknown): void;
  /** The caller gave it up. */
  cancelled(): void;
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
    tap.cancelled();
    return;
  }
  const request = promise as HttpResponsePromise;
  request.innerPromise = request.innerPromise.then(
    (answer) => {
      guard('following a request', () => tap.answered(answer.data, answer.rawResponse));
      return answer;
    },
    (error) => {
      // Given up before the answer came: the SDK says so with an error of its own.
      const aborted = isAbort(error) || isAbort(at(error, 'cause')) || at(signal, 'aborted') === true;
      guard('following a request', () => (aborted ? tap.cancelled() : tap.failed(error)));
      throw error;
    },
  );
}
