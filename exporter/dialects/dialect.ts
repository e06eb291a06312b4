import type { Fact, FactBase } from '../../model/facts.ts';
import { ATTR } from '../../model/semconv.ts';
import type { SpanRecord } from '../../model/span-record.ts';
import { addPresent, cleanText, id, text } from './attributes.ts';

/** What is read of a span beyond its figures. */
export interface ReadOptions {
  /** Read what was said from the spans of frameworks, too. earshot's own have it only where their process was to write it. */
  readonly captureContent: boolean;
  /** Told how many tags and scores of a span or resource are left out, for their number or form. */
  readonly limited?: (attributes: number) => void;
}

/** One span vocabulary. A dialect is one file and the only reader of that vocabulary's names. */
export interface Dialect {
  /** Whose vocabulary it is, for logs. */
  readonly name: string;
  /** True when `read` knows what the span is. Called for every span of the process: cheap, and never throws. */
  recognises(span: SpanRecord): boolean;
  /** The span's fact, or undefined when the span says nothing that other spans do not say. Never throws. */
  read(span: SpanRecord, options: ReadOptions): Fact | undefined;
}

/** OpenTelemetry's status code for a failed span. */
const STATUS_ERROR = 2;
/** `error.type` for a failure of unknown class (stable OpenTelemetry conventions). */
const UNKNOWN_ERROR = '_OTHER';
/** What `recordException` writes (stable OpenTelemetry conventions). */
const EXCEPTION_EVENT = 'exception';
const EXCEPTION_TYPE = 'exception.type';

/** The call that a span belongs to: `voice.call.id`, else `gen_ai.conversation.id`. */
export const callIdOf = (span: SpanRecord): string | undefined =>
  id(span.attributes, ATTR.callId) ?? id(span.attributes, ATTR.conversationId);

/**
 * The call of a span whose framework writes one trace a call and names the call on some spans only: the trace, unless
 * the span carries `voice.call.id`.
 */
export const traceCallId = (span: SpanRecord): string => id(span.attributes, ATTR.callId) ?? span.traceId;

/** LiveKit's id of a job, on all that it uploads: of spans, of log records and of recordings. */
const JOB_ID = 'job_id';

/** The same where the spans name their job, as LiveKit's do once they are uploaded: what else is uploaded has no trace. */
export const jobCallId = (span: SpanRecord): string =>
  id(span.attributes, ATTR.callId) ?? id(span.attributes, JOB_ID) ?? span.traceId;

/**
 * Class of the error when the span failed: as it says, else that of the exception that was recorded last; `_OTHER` when
 * it failed and does not say how. An exception that was recorded on a span that did not fail was dealt with.
 */
function errorTypeOf(span: SpanRecord): string | undefined {
  const stated = text(span.attributes, ATTR.errorType);
  if (stated === undefined && span.statusCode !== STATUS_ERROR) return undefined;
  if (stated !== undefined && stated !== UNKNOWN_ERROR) return stated;
  const exception = span.events.findLast(({ name }) => name === EXCEPTION_EVENT);
  return text(exception?.attributes ?? {}, EXCEPTION_TYPE) ?? UNKNOWN_ERROR;
}

/** What every fact carries, from the span itself. A span that ends before it starts ends where it starts. */
export function factBase(span: SpanRecord, callId: string): FactBase {
  const base = {
    traceId: span.traceId,
    spanId: span.spanId,
    callId,
    name: cleanText(span.name),
    startUs: span.startUs,
    endUs: Math.max(span.startUs, span.endUs),
  };
  return addPresent(base, {
    parentSpanId: span.parentSpanId,
    serviceName: text(span.resource, ATTR.serviceName),
    errorType: errorTypeOf(span),
  });
}
