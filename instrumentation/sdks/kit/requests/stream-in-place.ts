import { type Tap, tapReadable } from './streams.ts';

const METHODS = [
  'cancel',
  'getReader',
  'pipeThrough',
  'pipeTo',
  'tee',
  'values',
  Symbol.asyncIterator,
] as const satisfies readonly (keyof ReadableStream)[];

/**
 * Listens to a stream that stays the same object, since the application may hold a copy of what it is part of: its methods read from a
 * stream behind it, which tells `tap`.
 */
export function tapInPlace<T>(stream: ReadableStream<T>, tap: Tap<T>): void {
  const { getReader, cancel } = ReadableStream.prototype;
  const source = {
    getReader: () => getReader.call(stream),
    cancel: (reason: unknown) => cancel.call(stream, reason),
  } as Pick<ReadableStream<T>, 'getReader' | 'cancel'>;
  const tapped = tapReadable(source, tap);
  for (const name of METHODS) {
    const method = tapped[name] as (...args: unknown[]) => unknown;
    Object.defineProperty(stream, name, { configurable: true, value: method.bind(tapped) });
  }
  Object.defineProperty(stream, 'locked', { configurable: true, get: () => tapped.locked });
}
