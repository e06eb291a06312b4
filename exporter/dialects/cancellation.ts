import type { Fact } from '../../model/facts.ts';

/**
 * Classes and codes that languages and HTTP clients give to work that was called off: by a barge-in, a newer request, a
 * caller who hung up. `ECONNABORTED`, `ConnectionAbortedError` and `TimeoutError` are none: the application did not ask for those.
 */
const CANCELLATIONS: readonly RegExp[] = [
  // Python, .NET, Kotlin, Java, gRPC, axios: CancelledError, TaskCanceledException, CancellationException, CANCELLED.
  // Kotlin's TimeoutCancellationException is a timeout.
  /^(?!timeout)(?:\w*[a-z_])?cancel(?:l?ed|l?ation)(?:error|exception)?$/i,
  // The DOM and the clients built on `fetch`: AbortError, APIUserAbortError, ResponseAborted, RequestAbortedError.
  /^(?:\w*user|api|dom|fetch)?aborterror$/i,
  /^(?:err|request|response|stream|operation)_?aborted(?:error|exception)?$/i,
  /^(?:abort_err|und_err_aborted|err_canceled|aborted_by_user)$/i,
  // An answer whose reader went away, the status that proxies log for one, and the number of the DOM's AbortError.
  /^(?:GeneratorExit|499|20|aborted)$/,
];

/** Whether a class of error says that the work was ended on purpose. Takes qualified names, `asyncio.CancelledError`. */
export function isCancellation(errorType: string): boolean {
  const name =
    errorType
      .trim()
      .replace(/\]$/, '')
      .split(/[\s./:$\\[\]]/)
      .at(-1) ?? '';
  return CANCELLATIONS.some((pattern) => pattern.test(name));
}

/** Cancelled is not failed: a fact whose error is a cancellation has no error, and a stage of it was cut off. */
export function withoutCancellation<F extends Fact>(fact: F): F {
  if (fact.errorType === undefined || !isCancellation(fact.errorType)) return fact;
  delete fact.errorType;
  if (fact.type === 'stage') fact.cancelled = true;
  return fact;
}

/**
 * Many clients stop their watch when they are cut off: the time to the cut is not a first byte. And they have not
 * counted: an answer of 0 tokens that was cut off is one of unknown length.
 */
export function withoutTimeToCut<F extends Fact>(fact: F): F {
  if (fact.type !== 'stage' || fact.cancelled !== true) return fact;
  if (fact.firstByteUs !== undefined && fact.firstByteUs >= fact.endUs - CUT_US) delete fact.firstByteUs;
  if (fact.usage?.outputTokens === 0) {
    const { outputTokens, ...usage } = fact.usage;
    fact.usage = usage;
  }
  return fact;
}

/** From the moment of the cut, up to which a client measures, to the end of its span. */
const CUT_US = 30_000;
