import type { Readable } from 'node:stream';
import { guard } from '../../../call/spans.ts';
import { at, foreign, type Method } from '../patch.ts';
import type { Tap } from './streams.ts';

/** What a Node stream is known by, whichever copy of `Readable` it is of. */
type NodeStream = Pick<Readable, 'emit'> & Partial<Pick<Readable, 'destroy'>>;

/** A Node stream that can be read: `value`, or the body of a response of node-fetch. Undefined: it is none. */
export const nodeStream = (value: unknown): NodeStream | undefined =>
  [value, foreign(value)?.body].find(isReadable);

function isReadable(value: unknown): value is NodeStream {
  const { read, pipe, emit } = foreign(value) ?? {};
  return typeof read === 'function' && typeof pipe === 'function' && typeof emit === 'function';
}

/**
 * Listens in place to a Node stream, whichever way the application reads it: every chunk that a reader gets is emitted, too.
 * No listener is added, so that nothing flows that the application does not read.
 */
export function tapNodeStream(stream: NodeStream, tap: Tap<Uint8Array>): void {
  const { emit, destroy } = stream;
  let left = false;
  const told = (type: unknown, value: unknown): void => {
    if (type === 'data') {
      tap.begin?.();
      tap.see(typeof value === 'string' ? Buffer.from(value) : (value as Uint8Array));
    } else if (type === 'end') tap.end();
    // Who leaves an answer over HTTP/1 breaks its connection, which is an error like any other.
    else if (type === 'error' && !left && at(stream, 'req', 'aborted') !== true) tap.fail(value);
    // After the end it says nothing more.
    else if (type === 'error' || type === 'close') tap.cancel();
  };
  own(stream, 'emit', function (this: unknown, ...args) {
    guard('following a body', () => told(args[0], args[1]));
    return (emit as Method).apply(this, args);
  });
  if (destroy)
    own(stream, 'destroy', function (this: unknown, ...args) {
      left ||= args[0] === undefined || args[0] === null;
      return (destroy as Method).apply(this, args);
    });
}

const own = (stream: object, name: string, value: Method): void =>
  void Object.defineProperty(stream, name, { value, configurable: true, writable: true });
