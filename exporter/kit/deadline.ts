/**
 * The promise's value, or `fallback` when that takes longer than `ms`. The process stays alive until then: it is for
 * what a user waits for. Rejects when the promise does.
 */
export async function within<Value, Fallback>(
  ms: number,
  promise: Promise<Value>,
  fallback: Fallback,
): Promise<Value | Fallback> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Fallback>((resolve) => {
    timer = setTimeout(() => resolve(fallback), ms);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** What took longer than it may. */
class TimeoutError extends Error {
  override name = 'TimeoutError';
  readonly code = 'EARSHOT_TIMEOUT';
}

/** A limit is counted in so many pieces. */
const PIECES = 10;

/**
 * The promise's value, in the background: does not keep the process alive. A process that stands still meanwhile, because
 * it loads a large module or has no processor, cannot see an answer that has come: such a time counts as a tenth of `ms`
 * at most.
 * @throws TimeoutError after `ms`, or what the promise rejects with.
 */
export async function limit<Value>(ms: number, what: string, promise: Promise<Value>): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const wait = (pieces: number): void => {
      timer = setTimeout(() => {
        if (pieces > 1) wait(pieces - 1);
        else reject(new TimeoutError(`${what}: no answer within ${ms} ms.`));
      }, ms / PIECES).unref();
    };
    wait(PIECES);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
