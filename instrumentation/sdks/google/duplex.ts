import { type Context, context } from '@opentelemetry/api';
import { guard } from '../../call/spans.ts';
import { foreign, type Method } from '../kit/patch.ts';

/** Who follows a stream to a service of Google Cloud and back. */
export interface DuplexFollower {
  /** Where the application's handlers run. (Default: where they would.) */
  readonly context?: Context;
  /** The application writes. */
  wrote(value: unknown): void;
  /** Something came. Told before the application's handlers run. */
  came(value: unknown): void;
  /** Nothing more comes. */
  ended(): void;
  failed(error: unknown): void;
  /** It is gone, after its end or without it. */
  closed(): void;
}

/** Listens in place to what is written to a stream of the SDK and to what it emits, without a listener of ours. */
export function followDuplex(value: unknown, follower: DuplexFollower): void {
  const stream = foreign(value);
  const { write, emit } = (stream ?? {}) as { write?: Method; emit?: Method };
  if (!stream || !write || !emit) return;
  own(stream, 'write', function (this: unknown, ...args) {
    guard('following what is sent to Google', () => follower.wrote(args[0]));
    return write.apply(this, args);
  });
  own(stream, 'emit', function (this: unknown, ...args) {
    const [type, said] = args;
    if (type === 'data') guard('reading what Google says', () => follower.came(said));
    const deliver = (): unknown => emit.apply(this, args);
    const result = follower.context ? context.with(follower.context, deliver) : deliver();
    guard('following a stream of Google', () => {
      if (type === 'end') follower.ended();
      else if (type === 'error') follower.failed(said);
      else if (type === 'close') follower.closed();
    });
    return result;
  });
}

const own = (stream: object, name: string, value: Method): void =>
  void Object.defineProperty(stream, name, { value, configurable: true, writable: true });
