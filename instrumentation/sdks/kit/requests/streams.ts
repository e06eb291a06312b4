import { errorType, guard } from '../../../call/spans.ts';
import { foreign } from '../patch.ts';

/**
 * What is heard of a stream that flows through: every item, then one of the three ways out. What is told here may
 * throw: the application's stream goes on undisturbed.
 */
export interface Tap<T> {
  /** The reader asks for the first item. May be called again. */
  begin?(): void;
  see(item: T): void;
  /** It gave all that it had. */
  end(): void;
  /** The reader left early: `break`, `return`, an abort. */
  cancel(): void;
  /** It failed; the reader gets the error as it is. */
  fail(error: unknown): void;
}

/** Whether an error is the application's own abort of a request, in the words of the SDK or of `fetch`. */
export const isAbort = (error: unknown): boolean =>
  /Abort/.test(errorType(error)) || foreign(error)?.name === 'AbortError';

/** The stream of a Stainless SDK (openai, groq-sdk, @cartesia/cartesia-js). */
export interface SdkStream<T> {
  iterator: () => AsyncIterator<T>;
  controller?: AbortController;
}

/**
 * Listens to an SDK's stream in place. `for await`, `tee()` and the convenience methods all read through `iterator`,
 * and `finally` runs on `break`, which is what a barge-in looks like.
 */
export function tapStream<T>(stream: SdkStream<T>, tap: Tap<T>): void {
  const iterate = stream.iterator;
  if (typeof iterate !== 'function') return;
  const signal = stream.controller?.signal;
  stream.iterator = () => listened(() => iterate.call(stream), tap, signal);
  // An abort of an unread stream is seen here only. Not at once: the SDK also aborts when a stream is left or breaks,
  // and a reader knows more.
  const aborted = (): void =>
    void setImmediate(() => guard('following a stream', () => tap.cancel())).unref();
  signal?.addEventListener('abort', aborted, { once: true });
}

/**
 * Listens in place to an object that is read with `for await`, which keeps its class and its methods, or to an async
 * generator, such as another instrumentation hands out where the SDK has a stream. False: it is neither.
 */
export function tapIterable(value: unknown, tap: Tap<unknown>): boolean {
  const source = foreign(value) as Partial<AsyncGenerator<unknown>> | undefined;
  const iterate = source?.[Symbol.asyncIterator];
  if (!source || typeof iterate !== 'function') return false;
  if (typeof source.next === 'function') tapGenerator(source as AsyncGenerator<unknown>, tap);
  else
    Object.defineProperty(source, Symbol.asyncIterator, {
      configurable: true,
      value: () => listened(() => iterate.call(source as AsyncGenerator<unknown>), tap),
    });
  return true;
}

async function* listened<T>(
  iterate: () => AsyncIterator<T>,
  tap: Tap<T>,
  signal?: AbortSignal,
): AsyncGenerator<T> {
  let left = true;
  guard('reading a stream', () => tap.begin?.());
  try {
    for await (const item of { [Symbol.asyncIterator]: iterate }) {
      guard('reading a stream', () => tap.see(item));
      yield item;
    }
    // An abort ends the iterator of an SDK without an error.
    left = signal?.aborted === true;
    if (!left) guard('following a stream', () => tap.end());
  } catch (error) {
    left = false;
    guard('following a stream', () => tap.fail(error));
    throw error;
  } finally {
    if (left) guard('following a stream', () => tap.cancel());
  }
}

function tapGenerator(generator: AsyncGenerator<unknown>, tap: Tap<unknown>): void {
  const { next, return: leave } = generator;
  generator.next = async (...args) => {
    guard('reading a stream', () => tap.begin?.());
    try {
      const item = await next.apply(generator, args);
      guard('reading a stream', () => (item.done ? tap.end() : tap.see(item.value)));
      return item;
    } catch (error) {
      guard('following a stream', () => tap.fail(error));
      throw error;
    }
  };
  if (typeof leave === 'function')
    generator.return = (value) => {
      guard('following a stream', () => tap.cancel());
      return leave.call(generator, value);
    };
}

/** A body that passes on what it reads and tells `tap`, without reading ahead: the consumer keeps the pace. */
export function tapReadable<T = Uint8Array>(
  source: Pick<ReadableStream<T>, 'getReader' | 'cancel'>,
  tap: Tap<T>,
): ReadableStream<T> {
  // Not taken before the first read: to look at `body` must not lock it.
  let reader: ReadableStreamDefaultReader<T> | undefined;
  const pull = async (controller: ReadableStreamDefaultController<T>): Promise<void> => {
    if (!reader) {
      reader = source.getReader();
      guard('reading a body', () => tap.begin?.());
    }
    try {
      const { done, value } = await reader.read();
      if (done) {
        guard('following a body', () => tap.end());
        controller.close();
      } else {
        guard('reading a body', () => tap.see(value));
        controller.enqueue(value);
      }
    } catch (error) {
      guard('following a body', () => tap.fail(error));
      controller.error(error);
    }
  };
  const cancel = (reason: unknown): Promise<void> => {
    guard('following a body', () => tap.cancel());
    return reader ? reader.cancel(reason) : source.cancel(reason);
  };
  return new ReadableStream({ pull, cancel }, { highWaterMark: 0 });
}

/** Listens to the body of `response`, which stays the same object with the same class, headers and `bodyUsed`. */
export function tapResponse(response: Response, tap: Tap<Uint8Array>): Response {
  const source = Object.getOwnPropertyDescriptor(Response.prototype, 'body')?.get;
  // A `fetch` of the application's own may give another class: then the response is left as it is.
  if (!source || !(response instanceof Response)) return response;
  const body = tapBody(() => source.call(response), tap);
  Object.defineProperty(response, 'body', { configurable: true, get: body });
  readThrough(response, body, response.headers);
  return response;
}

/** The same of what a Fern SDK gives for a body, whose `stream` is a method. False: it is not such a thing. */
export function tapBinary(value: unknown, headers: Headers | undefined, tap: Tap<Uint8Array>): boolean {
  const binary = foreign(value) as { stream?: Body } | undefined;
  const { stream } = binary ?? {};
  if (!binary || typeof stream !== 'function') return false;
  const body = tapBody(() => stream.call(binary), tap);
  binary.stream = body;
  readThrough(binary, body, headers);
  return true;
}

type Body = () => ReadableStream<Uint8Array> | null;

function tapBody(source: Body, tap: Tap<Uint8Array>): Body {
  let tapped: ReadableStream<Uint8Array> | undefined;
  return () => {
    const original = source();
    if (original && !tapped) tapped = tapReadable(original, tap);
    return tapped ?? null;
  };
}

const READERS = ['arrayBuffer', 'blob', 'bytes', 'formData', 'json', 'text'] as const;

/** Has the methods of `owner` that give its body as a whole read it from `body`. */
function readThrough(owner: object, body: Body, headers: Headers | undefined): void {
  for (const name of READERS) {
    if (typeof (owner as Record<string, unknown>)[name] !== 'function') continue;
    const read = async (): Promise<unknown> => {
      const copy = new Response(body(), headers && { headers });
      return (copy as unknown as Record<string, () => Promise<unknown>>)[name]?.();
    };
    Object.defineProperty(owner, name, { configurable: true, writable: true, value: read });
  }
}
