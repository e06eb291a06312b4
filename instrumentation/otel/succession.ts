import {
  type Context,
  context,
  type Span,
  type SpanOptions,
  type Tracer,
  type TracerProvider,
  trace,
} from '@opentelemetry/api';

type Provider = Pick<TracerProvider, 'getTracer'>;

/**
 * Makes the tracers that a provider hands out go over to the one that is registered after it. Instrumentations ask for a
 * tracer once and keep it.
 */
export class Succession {
  readonly #following = new WeakMap<Tracer, Tracer>();
  #successor: Provider | undefined;
  #asking = false;

  /** From here on `provider` hands out tracers that follow. */
  watch(provider: Provider): void {
    const own = provider.getTracer.bind(provider);
    provider.getTracer = (name, version, options) => {
      const tracer = own(name, version, options);
      // A successor that is built upon this provider asks it in turn.
      if (this.#asking) return tracer;
      const found = this.#following.get(tracer);
      if (found) return found;
      const following = new FollowingTracer((start) =>
        this.#startWith(tracer, (successor) => successor.getTracer(name, version, options), start),
      );
      this.#following.set(tracer, following);
      return following;
    };
  }

  to(successor: Provider): void {
    this.#successor = successor;
  }

  #startWith(own: Tracer, theirs: (successor: Provider) => Tracer, start: (tracer: Tracer) => Span): Span {
    if (this.#successor === undefined || this.#asking) return start(own);
    this.#asking = true;
    try {
      return start(theirs(this.#successor));
    } finally {
      this.#asking = false;
    }
  }
}

class FollowingTracer implements Tracer {
  readonly #start: (start: (tracer: Tracer) => Span) => Span;

  constructor(start: (start: (tracer: Tracer) => Span) => Span) {
    this.#start = start;
  }

  startSpan(name: string, options?: SpanOptions, within?: Context): Span {
    return this.#start((tracer) => tracer.startSpan(name, options, within));
  }

  /** The tracer's own would run the function inside of the hand-over. */
  startActiveSpan<F extends (span: Span) => unknown>(
    name: string,
    ...rest: [fn: F] | [options: SpanOptions, fn: F] | [options: SpanOptions, within: Context, fn: F]
  ): ReturnType<F> {
    const run = rest.at(-1) as F;
    const [options, within] = rest.slice(0, -1) as [SpanOptions?, Context?];
    const parent = within ?? context.active();
    const span = this.startSpan(name, options, parent);
    return context.with(trace.setSpan(parent, span), run as (span: Span) => ReturnType<F>, undefined, span);
  }
}
