import type { SpanRecord } from '../span-record.ts';

/** Why a single span cannot be taken while the others of its request can. */
export type Refusal = 'invalid_id' | 'invalid_time';

/** Where a decoder puts what it reads, span by span, so that no request is held as a tree of messages. */
export interface SpanSink {
  span(span: SpanRecord): void;
  refused(reason: Refusal): void;
  /** Something of a span was left out or cut off, by `DecodeLimits`. */
  limited(): void;
}

/** Ids of a span, in lower-case hex. */
export interface SpanIds {
  traceId: string;
  spanId: string;
  parentSpanId: string;
}

const TRACE_ID = /^(?!0{32}$)[0-9a-f]{32}$/;
const SPAN_ID = /^(?!0{16}$)[0-9a-f]{16}$/;

/** What is wrong with a span's keys and times; undefined when it can be taken. */
export function refusalOf({ traceId, spanId }: SpanIds, startUs: number, endUs: number): Refusal | undefined {
  if (!TRACE_ID.test(traceId) || !SPAN_ID.test(spanId)) return 'invalid_id';
  return startUs > 0 && Number.isSafeInteger(startUs) && Number.isSafeInteger(endUs)
    ? undefined
    : 'invalid_time';
}

/** A root span has no parent: its parent's id is empty, or zeros. */
export const parentOf = (id: string): string | undefined => (SPAN_ID.test(id) ? id : undefined);
