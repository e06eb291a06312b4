import {
  type Attributes,
  type Context,
  diag,
  INVALID_SPAN_CONTEXT,
  type Link,
  ROOT_CONTEXT,
  type Span,
  type SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import type { Micros } from '../../model/facts.ts';
import { ATTR } from '../../model/semconv.ts';
import type { FinishedSpan } from '../../model/span-record.ts';
import { SCOPE, VERSION } from '../../model/version.ts';
import { hrTime } from './clock.ts';

/** What starts our spans. */
export type SpanStarter = Pick<Tracer, 'startSpan'>;

let starter: SpanStarter | undefined;
// The global tracer is a proxy that follows a provider registered later, so it can be kept.
const getStarter = (): SpanStarter => {
  starter ??= trace.getTracer(SCOPE, VERSION);
  return starter;
};

/** Has our spans started by something other than the global tracer. */
export function startSpansBy(other: SpanStarter): void {
  starter = other;
}

/**
 * Whether rows can be read from a span: those of an OpenTelemetry SDK show what they hold, from their start on. What a
 * sampler drops, what no provider made and the spans of other tracing libraries do not.
 */
export function isReadable(span: unknown): span is FinishedSpan {
  const { startTime, endTime, attributes, events, resource } = span as Partial<FinishedSpan>;
  return [startTime, endTime, attributes, events, resource].every((field) => field !== undefined);
}

type SpanListener = (span: Span) => void;
const listeners = new Set<SpanListener>();

/**
 * Calls `listener` with every span that earshot ends. It is how rows are written when the application has brought a
 * tracer provider of its own, to which no processor can be added any more. Returns the way to stop.
 */
export function onSpanEnd(listener: SpanListener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** A span that records nothing. */
export const noSpan = (): Span => trace.wrapSpanContext(INVALID_SPAN_CONTEXT);

/**
 * Starts a span as the child of `parent`; without one, the root of a new trace. Where the tracer provider fails, the span
 * records nothing.
 */
export function startSpan(
  name: string,
  options: { kind: SpanKind; startUs: Micros; attributes: Attributes; links?: Link[] },
  parent: Context | undefined,
): Span {
  const started = guard('starting a span', () =>
    getStarter().startSpan(
      name,
      {
        kind: options.kind,
        startTime: hrTime(options.startUs),
        attributes: options.attributes,
        links: options.links ?? [],
        root: parent === undefined,
      },
      parent ?? ROOT_CONTEXT,
    ),
  );
  return started ?? noSpan();
}

/** The one place where events are written, so that a move to log-based events is one change. */
export function addEvent(span: Span, name: string, atUs: Micros, attributes?: Attributes): void {
  guard('adding an event', () => span.addEvent(name, attributes ?? {}, hrTime(atUs)));
}

/** Ends a span. An end before the start is the start: clocks of two machines never make a negative stage. */
export function endSpan(span: Span, startUs: Micros, endUs: Micros): void {
  guard('ending a span', () => span.end(hrTime(Math.max(startUs, endUs))));
  for (const listener of listeners) guard('a span listener', () => listener(span));
}

/** Marks a span as failed. `error.type` is a class, never a message: messages hold content and have no bound. */
export function failSpan(span: Span, error: unknown): void {
  span.setAttribute(ATTR.errorType, errorType(error));
  span.setStatus({ code: SpanStatusCode.ERROR });
}

/** A code, a status, the name of a class: one word, and no telephone number. */
const ERROR_CLASS = /^(\d{3,4}|(?=.*[a-z_])[\w.-]{1,64})$/i;

/** The class of an error: its constructor's name, an HTTP status when that says no more than `Error`. */
export function errorType(error: unknown): string {
  if (typeof error === 'string' && ERROR_CLASS.test(error)) return error;
  if (typeof error !== 'object' || error === null) return '_OTHER';
  const { status, code } = error as { status?: unknown; code?: unknown };
  const name = error.constructor?.name;
  if (name && name !== 'Error' && name !== 'Object') return name;
  if (typeof code === 'string' && ERROR_CLASS.test(code)) return code;
  if (typeof status === 'number') return String(status);
  return name === 'Error' ? 'Error' : '_OTHER';
}

/** Runs what must not disturb the application: a throw becomes one diagnostic line. */
export function guard<T>(what: string, run: () => T): T | undefined {
  try {
    return run();
  } catch (error) {
    diag.error(`earshot: ${what} failed; the call goes on`, error);
    return undefined;
  }
}

/** A class whose prototype can be listed. */
interface Guardable {
  readonly name: string;
  readonly prototype: object;
}

/**
 * Puts every method of the classes under `guard`. TypeScript keeps typed callers from passing nonsense; this keeps
 * the others from being hurt by it, in one place instead of in every method.
 */
export function guardMethods(...classes: Guardable[]): void {
  for (const { name: className, prototype } of classes) {
    for (const [name, { value: method, ...rest }] of Object.entries(
      Object.getOwnPropertyDescriptors(prototype),
    )) {
      if (typeof method !== 'function' || name === 'constructor') continue;
      const guarded = function (this: unknown, ...args: unknown[]) {
        try {
          return method.apply(this, args);
        } catch (error) {
          diag.error(`earshot: ${className}.${name} failed; the call goes on`, error);
          return undefined;
        }
      };
      Object.defineProperty(prototype, name, { ...rest, value: guarded });
    }
  }
}

/** Links to the spans of contexts, as far as they have one. */
export function links(...contexts: (Context | undefined)[]): Link[] {
  return contexts.flatMap((ctx) => {
    const spanContext = ctx && trace.getSpanContext(ctx);
    return spanContext ? [{ context: spanContext }] : [];
  });
}
