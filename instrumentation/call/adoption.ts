import { type Context, type Span, SpanStatusCode, trace } from '@opentelemetry/api';
import type { Micros } from '../../model/facts.ts';
import { SCOPE } from '../../model/version.ts';
import { endSpan, guard, isReadable } from './spans.ts';

/**
 * A foreign span of a request that we follow as well: another instrumentation of the same SDK, or the SDK itself.
 * The stage writes what it knows to that span instead of starting one of its own, so that a trace shows the request once
 * and the rows have it with its turn, first byte and usage.
 */
export interface Adoption {
  /** Their span, as soon as there is one; undefined while, and if, there is none. */
  readonly span: Span | undefined;
  /**
   * The context in which the request runs. `parent`: that of its turn, or of the running code. `seen` is called when
   * there is a span.
   */
  contextIn(parent: Context, seen: () => void): Context;
  /**
   * The owner ends the span while the stage is open: the moment to end the stage with what is known. `error`: the span
   * already says which. (Default: the span stays open until the stage ends.)
   */
  readonly ending?: ((verdict: OwnersVerdict) => void) | undefined;
}

/** How the owner of a span says that it went: OpenTelemetry's status. */
export type OwnersVerdict = 'ok' | 'error' | 'unset';

/** Whether spans of this instrumentation scope are of the requests in question. */
export type MatchesScope = (scope: string) => boolean;

/** Scopes of instrumentations of an SDK: `@traceloop/instrumentation-openai`, `@arizeai/openinference-instrumentation-openai`. */
export const instrumentationOf =
  (sdk: string): MatchesScope =>
  (scope) =>
    scope !== SCOPE && scope.includes('instrumentation') && scope.includes(sdk);

/**
 * Who else follows the request that is about to be made by `method`, which is what we have wrapped. Undefined: no one.
 *
 * An instrumentation around ours has made its span active, which is taken. One inside ours makes it while the request
 * starts, and the context shows it to us.
 */
export function findAdoption(active: Context, method: unknown, matches: MatchesScope): Adoption | undefined {
  const around = adoptable(trace.getSpan(active), matches);
  if (around) return { span: around, contextIn: (parent) => trace.setSpan(parent, around) };
  return isWrapped(method) ? new Revelation(matches) : undefined;
}

/** An adoption of the first matching span that is made active while the request runs. */
export class Revelation implements Adoption {
  readonly ending: Adoption['ending'];
  readonly #matches: MatchesScope;
  #span: Span | undefined;

  constructor(matches: MatchesScope, ending?: Adoption['ending']) {
    this.#matches = matches;
    this.ending = ending;
  }

  get span(): Span | undefined {
    return this.#span;
  }

  contextIn(parent: Context, seen: () => void): Context {
    return new RevealingContext(parent, (span) => {
      if (this.#span) return;
      this.#span = adoptable(span, this.#matches);
      if (this.#span) seen();
    });
  }
}

/** A context that shows the spans that are put into what is derived from it. */
class RevealingContext implements Context {
  readonly #inner: Context;
  readonly #reveal: (span: Span) => void;

  constructor(inner: Context, reveal: (span: Span) => void) {
    this.#inner = inner;
    this.#reveal = reveal;
  }

  getValue(key: symbol): unknown {
    return this.#inner.getValue(key);
  }

  setValue(key: symbol, value: unknown): Context {
    if (isSpan(value)) guard('looking at a span', () => this.#reveal(value));
    return new RevealingContext(this.#inner.setValue(key, value), this.#reveal);
  }

  deleteValue(key: symbol): Context {
    return new RevealingContext(this.#inner.deleteValue(key), this.#reveal);
  }
}

/** Methods wrapped by `@opentelemetry/instrumentation`, and by shimmer before it, keep what they have wrapped. */
const isWrapped = (method: unknown): boolean =>
  typeof (method as { __original?: unknown } | undefined)?.__original === 'function';

const isSpan = (value: unknown): value is Span =>
  typeof value === 'object' &&
  value !== null &&
  typeof (value as Partial<Span>).spanContext === 'function' &&
  typeof (value as Partial<Span>).isRecording === 'function';

interface ScopedSpan extends Span {
  /** OpenTelemetry SDK 2 and later. */
  instrumentationScope?: { name?: unknown };
  /** OpenTelemetry SDK 1. */
  instrumentationLibrary?: { name?: unknown };
  /** OpenInference hands out a span that masks what is written to the one inside. */
  span?: unknown;
}

/** Spans that have been adopted. One span is one request. */
const taken = new WeakSet<Span>();

/** The recording span in `span`, when it is one that `matches` and belongs to no stage yet. */
function adoptable(span: Span | undefined, matches: MatchesScope): Span | undefined {
  if (span === undefined) return undefined;
  const { instrumentationScope, instrumentationLibrary, span: inner } = span as ScopedSpan;
  const scope = (instrumentationScope ?? instrumentationLibrary)?.name;
  if (typeof scope !== 'string') return isSpan(inner) ? adoptable(inner, matches) : undefined;
  // A span that a sampler dropped, or that another library made, reaches no rows: then our own is written.
  return matches(scope) && span.isRecording() && isReadable(span) && !taken.has(span) ? span : undefined;
}

/** How long a stage that has ended waits for the other side to end its span. Some never do, when a stream is broken off. */
export const OTHER_END_MS = 1_000;

const waiting = new Set<AdoptedSpan>();

/** Ends the adopted spans whose stages have ended: the process is about to go. */
export function endAdoptedSpans(): void {
  for (const adopted of [...waiting]) adopted.conclude();
}

/** A foreign span that is ended when both sides have said what they know, at the instant that ours names. */
export class AdoptedSpan {
  readonly span: Span;
  readonly #startUs: Micros;
  readonly #ending: Adoption['ending'];
  #theyEnded = false;
  #ours: { endUs: Micros; write: () => void } | undefined;
  #over = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(span: Span, startUs: Micros, ending?: Adoption['ending']) {
    this.span = span;
    this.#startUs = startUs;
    this.#ending = ending;
    taken.add(span);
    const end = span.end;
    span.end = (...args) => {
      if (this.#over) return end.apply(span, args);
      this.#theyEnded = true;
      if (this.#ours) this.conclude();
      else guard('ending an adopted span', () => this.#ending?.(verdictOf(span)));
    };
  }

  /** Our side is done. `write` runs last, so that what it writes counts. */
  end(endUs: Micros, write: () => void): void {
    if (this.#ours) return;
    this.#ours = { endUs, write };
    if (this.#theyEnded) this.conclude();
    else {
      waiting.add(this);
      this.#timer = setTimeout(() => this.conclude(), OTHER_END_MS);
      this.#timer.unref();
    }
  }

  conclude(): void {
    if (this.#over || !this.#ours) return;
    const { endUs, write } = this.#ours;
    clearTimeout(this.#timer);
    waiting.delete(this);
    guard('describing a span', write);
    this.#over = true;
    endSpan(this.span, this.#startUs, endUs);
  }
}

function verdictOf(span: Span): OwnersVerdict {
  const code = (span as Span & { status?: { code?: SpanStatusCode } }).status?.code;
  return code === SpanStatusCode.OK ? 'ok' : code === SpanStatusCode.ERROR ? 'error' : 'unset';
}
