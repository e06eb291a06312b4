import type { SpanRecord, SpanRecordEvent } from '../../../model/span-record.ts';
import { type DecodeLimits, TooLargeError } from './limits.ts';
import type { Refusal, SpanSink } from './sink.ts';

/** Attributes while they are being read. */
export type Attributes = Record<string, unknown>;

/** The instrumentation whose spans follow. */
export interface Scope {
  scopeName?: string | undefined;
  scopeVersion?: string | undefined;
}

const NO_TRACE = '0'.repeat(32);
const NO_SPAN = '0'.repeat(16);

/** The spans of one request, in whichever encoding it came: counted, checked, and given to the sink. */
export class RequestSpans {
  readonly #most: number;
  readonly #sink: SpanSink;
  #count = 0;

  constructor({ spans }: DecodeLimits, sink: SpanSink) {
    this.#most = spans;
    this.#sink = sink;
  }

  /**
   * Another span begins.
   * @throws TooLargeError when it is one too many.
   */
  begin(): void {
    this.#count += 1;
    if (this.#count > this.#most) throw new TooLargeError(`the request has more than ${this.#most} spans`);
  }

  /** A span was read to its end. `parentId`: in lower-case hex; empty where there is none. */
  end(span: SpanRecord, parentId: string, { scopeName, scopeVersion }: Scope): void {
    const refusal = refusalOf(span);
    if (refusal !== undefined) {
      this.#sink.refused(refusal);
      return;
    }
    // A root has no parent: the id is empty, or zeros.
    if (isSpanId(parentId)) span.parentSpanId = parentId;
    if (scopeName !== undefined) span.scopeName = scopeName;
    if (scopeVersion !== undefined) span.scopeVersion = scopeVersion;
    this.#sink.span(span);
  }
}

/** A span of which nothing is known yet; `attributes` and `events` may still be filled. */
export const blankSpan = (
  attributes: Attributes,
  events: SpanRecordEvent[],
  resource: Attributes,
): SpanRecord => ({
  traceId: '',
  spanId: '',
  name: '',
  startUs: 0,
  endUs: 0,
  statusCode: 0,
  attributes,
  events,
  resource,
});

const isSpanId = (id: string) => id.length === 16 && id !== NO_SPAN;

/** What is wrong with a span's keys and times; undefined when it can be taken. */
function refusalOf({ traceId, spanId, startUs, endUs }: SpanRecord): Refusal | undefined {
  if (traceId.length !== 32 || traceId === NO_TRACE || !isSpanId(spanId)) return 'invalid_id';
  const timed = startUs > 0 && Number.isSafeInteger(startUs) && Number.isSafeInteger(endUs);
  return timed ? undefined : 'invalid_time';
}
