import { type Context, type ContextManager, createContextKey, ROOT_CONTEXT } from '@opentelemetry/api';
import { vendored } from '../../vendor/opentelemetry.ts';

interface HandedOver extends ContextManager {
  /** From here on contexts are kept by the application's own manager. */
  handOver(to: ContextManager): void;
}

interface Attaching {
  attach(context: Context): unknown;
}

/** The root, and known as one that was asked for. */
const ASKED_ROOT = ROOT_CONTEXT.setValue(createContextKey('earshot root'), true);

/**
 * The context manager that is registered: AsyncLocalStorage, until the application brings a manager of its own. Some need
 * to see every context (Sentry's and Datadog's keep their scopes there), so theirs then does the work. What was running
 * at that moment, a call for one, goes on in the context that it had.
 */
export function contextManager(): HandedOver {
  const { AsyncLocalStorageContextManager } = vendored<{
    AsyncLocalStorageContextManager: new () => ContextManager & Attaching;
  }>('@opentelemetry/context-async-hooks');

  // A subclass, because a function that was bound before the hand-over is run by `with`.
  return new (class extends AsyncLocalStorageContextManager implements HandedOver {
    #theirs: (ContextManager & Partial<Attaching>) | undefined;

    handOver(to: ContextManager): void {
      this.#theirs = to;
    }

    override active(): Context {
      const theirs = this.#theirs?.active();
      return theirs === undefined || theirs === ROOT_CONTEXT ? super.active() : theirs;
    }

    override with<A extends unknown[], F extends (...args: A) => ReturnType<F>>(
      context: Context,
      fn: F,
      thisArg?: ThisParameterType<F>,
      ...args: A
    ): ReturnType<F> {
      if (this.#theirs === undefined) return super.with(context, fn, thisArg, ...args);
      return this.#theirs.with(context === ROOT_CONTEXT ? ASKED_ROOT : context, fn, thisArg, ...args);
    }

    override attach(context: Context): unknown {
      return this.#theirs?.attach ? this.#theirs.attach(context) : super.attach(context);
    }

    override disable(): this {
      this.#theirs?.disable();
      super.disable();
      return this;
    }
  })();
}
