/**
 * The promise's value, or `fallback` when that takes longer than `ms`. The process stays alive until then: it is for
 * what somebody waits for. Rejects when the promise does.
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

/**
 * The promise's value, in the background: does not keep the process alive.
 * @throws TimeoutError after `ms`, or what the promise rejects with.
 */
export async function limit<Value>(ms: number, what: string, promise: Promise<Value>): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new TimeoutError(`${what}: no answer within ${ms} ms.`)), ms).unref();
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
