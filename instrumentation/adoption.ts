import { type Attributes, type Context, type Span, SpanStatusCode, trace } from '@opentelemetry/api';
import type { Micros } from '../exporter/facts.ts';
import { hrTime } from './clock.ts';
import { endSpan, guard, spanEnded, type WritableSpan } from './spans.ts';

/** How the owner of a span says that it went: OpenTelemetry's status. */
export type OwnersVerdict = 'ok' | 'error' | 'unset';

/**
 * A span that somebody else writes for a stage: the SDK itself, or another instrumentation of it. The stage takes that
 * one instead of its own, so that a request is one span, whoever began it.
 */
export interface Adoption {
  /** Whether it is this one, of the spans that become active in the request. */
  recognises(span: Span): boolean;
  /** The owner may stand around us: then the span that is active when the request starts is looked at too. (Default: false.) */
  readonly around?: boolean;
  /**
   * The owner ends the span while the stage is open: the last moment to end the stage with what is known. `error`: the
   * span already says which.
   */
  ending(verdict: OwnersVerdict): void;
}

/** Who wrote a span, in the words of its tracer. Known of spans that are recorded. */
export function scopeName(span: Span): string | undefined {
  const { instrumentationScope, instrumentationLibrary } = span as Span &
    Record<'instrumentationScope' | 'instrumentationLibrary', { name?: string } | undefined>;
  return (instrumentationScope ?? instrumentationLibrary)?.name;
}

/** Whether an instrumentation built on OpenTelemetry's own base has wrapped a method. */
export const isInstrumented = (method: unknown): boolean =>
  typeof method === 'function' && (method as { __wrapped?: unknown }).__wrapped === true;

interface AdoptedSpanInit {
  adoption: Adoption;
  /** The context of the stage's parent: the owner starts its span there. */
  parent: Context;
  /** What the stage says of itself. Where the owner says something else, that stands. */
  attributes: Attributes;
  /** Starts a span of our own, for when the owner starts none: it may be switched off, or sample it away. */
  startOwn: () => Span;
}

/**
 * Stands in for a span that its owner is about to start. What is written before it is seen waits; when it is needed and
 * was not seen, it is one of our own.
 */
export class AdoptedSpan implements WritableSpan {
  /** Where the request is to run: it shows us the span that the owner makes active in it. */
  readonly context: Context;
  readonly #init: AdoptedSpanInit;
  #span: Span | undefined;
  #adopted = false;
  #over = false;
  #end: Span['end'] | undefined;
  #waiting: ((span: WritableSpan) => void)[] = [];

  constructor(init: AdoptedSpanInit) {
    this.#init = init;
    const around = init.adoption.around ? trace.getActiveSpan() : undefined;
    if (around) this.#seen(around);
    this.context = this.#span
      ? trace.setSpan(init.parent, this.#span)
      : new ShowingContext(init.parent, (span) => this.#seen(span));
  }

  setAttribute(...args: Parameters<WritableSpan['setAttribute']>): unknown {
    return this.#write((span) => span.setAttribute(...args));
  }

  setAttributes(attributes: Attributes): unknown {
    return this.#write((span) => span.setAttributes(attributes));
  }

  setStatus(...args: Parameters<WritableSpan['setStatus']>): unknown {
    return this.#write((span) => span.setStatus(...args));
  }

  /** Something happened in the request: by then its owner has started its span, or will not. */
  addEvent(...args: Parameters<WritableSpan['addEvent']>): unknown {
    return (this.#span ?? this.#own()).addEvent(...args);
  }

  /** The stage is over. The owner of an adopted span is given the time to say what it knows and to end it itself. */
  finish(startUs: Micros, endUs: Micros): void {
    const span = this.#span ?? this.#own();
    if (!this.#adopted) endSpan(span, startUs, endUs);
    else if (!this.#over) setImmediate(() => this.#endFor(span, endUs));
  }

  #write(write: (span: WritableSpan) => void): void {
    if (this.#span) write(this.#span);
    else this.#waiting.push(write);
  }

  #seen(span: Span): void {
    if (this.#span || !span.isRecording() || !this.#init.adoption.recognises(span)) return;
    this.#end = span.end;
    span.end = (...args) => this.#ownerEnds(span, args);
    this.#adopted = true;
    const said = (span as Span & { attributes?: Attributes }).attributes ?? {};
    const rest = Object.entries(this.#init.attributes).filter(([name]) => said[name] === undefined);
    this.#take(span, Object.fromEntries(rest));
  }

  #own(): Span {
    const span = this.#init.startOwn();
    this.#take(span, {});
    return span;
  }

  #take(span: Span, attributes: Attributes): void {
    this.#span = span;
    span.setAttributes(attributes);
    for (const write of this.#waiting) write(span);
    this.#waiting = [];
  }

  #ownerEnds(span: Span, args: Parameters<Span['end']>): void {
    // Ended by us, because its owner had not: a stream that nobody read.
    if (this.#over) return;
    this.#over = true;
    guard('ending an adopted span', () => this.#init.adoption.ending(verdictOf(span)));
    this.#end?.apply(span, args);
    spanEnded(span);
  }

  #endFor(span: Span, endUs: Micros): void {
    if (this.#over) return;
    this.#over = true;
    guard('ending an adopted span', () => this.#end?.call(span, hrTime(endUs)));
    spanEnded(span);
  }
}

function verdictOf(span: Span): OwnersVerdict {
  const code = (span as Span & { status?: { code?: SpanStatusCode } }).status?.code;
  return code === SpanStatusCode.OK ? 'ok' : code === SpanStatusCode.ERROR ? 'error' : 'unset';
}

/** A context that shows the spans that are made active in it. `trace.setSpan` is nothing but `setValue`. */
class ShowingContext implements Context {
  readonly #context: Context;
  readonly #show: (span: Span) => void;

  constructor(context: Context, show: (span: Span) => void) {
    this.#context = context;
    this.#show = show;
  }

  getValue(key: symbol): unknown {
    return this.#context.getValue(key);
  }

  setValue(key: symbol, value: unknown): Context {
    const context = this.#context.setValue(key, value);
    const span = trace.getSpan(context);
    if (span && span !== trace.getSpan(this.#context)) guard('looking at a span', () => this.#show(span));
    return new ShowingContext(context, this.#show);
  }

  deleteValue(key: symbol): Context {
    return new ShowingContext(this.#context.deleteValue(key), this.#show);
  }
}
