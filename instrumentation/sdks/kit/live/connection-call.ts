import { type Context, context as contextApi } from '@opentelemetry/api';
import { Call } from '../../../call/call.ts';
import { activeCall, activeScope, CallScope, withScope } from '../../../call/scope.ts';

/** How long a call of the connection's own outlives a connection that broke and may come back. */
const RECONNECT_MS = 30_000;

/**
 * The call that a connection to a provider belongs to: that of the code which opened it, or, where no one has put a
 * call up, one of the connection's own, which starts and ends with it.
 */
export class ConnectionCall {
  readonly #scope: CallScope;
  /** The application has not opened this scope: the call is the connection's own from the start. */
  readonly #ownsScope: boolean;
  readonly #outside: Context;
  #own: Call | undefined;
  #endTimer: NodeJS.Timeout | undefined;

  /** @param active The context that the application connects in. */
  constructor(active: Context = contextApi.active()) {
    const scope = activeScope(active);
    // A call that is over gets no more turns.
    this.#ownsScope = scope === undefined || (scope.call !== undefined && activeCall(active) === undefined);
    this.#scope = scope === undefined || this.#ownsScope ? new CallScope() : scope;
    this.#outside = withScope(active, this.#scope);
  }

  /** The call, if there is one by now. It may have ended. */
  get current(): Call | undefined {
    return this.#scope.call;
  }

  /** Where everything that the connection causes runs. */
  get context(): Context {
    const call = this.#scope.call;
    return call && !call.ended ? call.context : this.#outside;
  }

  /** The call; opened here, when something happens on the connection before anybody has opened one. */
  open(): Call {
    const call = this.#scope.call;
    if (call && !call.ended) return call;
    this.#own = new Call({}, this.#scope);
    return this.#own;
  }

  /** The call, in which this connection listens to the user; opened where there is none. It may have ended. */
  listening(): Call {
    const call = this.current ?? this.open();
    call.tracker.listens();
    return call;
  }

  /** The connection stands, or stands again. */
  connected(): void {
    clearTimeout(this.#endTimer);
    if (this.#ownsScope) this.open();
  }

  /** The connection is gone at `atMs`; for good, when it is `final`. */
  closed(atMs: number, { final }: { final: boolean }): void {
    clearTimeout(this.#endTimer);
    const own = this.#own;
    if (!own) return;
    if (final) own.end({ reason: 'connection_closed', at: atMs });
    else {
      this.#endTimer = setTimeout(() => own.end({ reason: 'connection_lost', at: atMs }), RECONNECT_MS);
      this.#endTimer.unref();
    }
  }
}
