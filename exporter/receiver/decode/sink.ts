import type { SpanRecord } from '../../../model/span-record.ts';

/** Why a single span cannot be taken while the others of its request can. */
export type Refusal = 'invalid_id' | 'invalid_time' | 'malformed';

/** Where a decoder puts what it reads, span by span, so that no request is held as a tree of messages. */
export interface SpanSink {
  span(span: SpanRecord): void;
  refused(reason: Refusal): void;
  /** Something of a span was left out or cut off, by `DecodeLimits`. */
  limited(): void;
}

/** Ids of a span, in lower-case hex; empty where there is none. */
export interface SpanIds {
  traceId: string;
  spanId: string;
  parentSpanId: string;
}

const NO_TRACE = '0'.repeat(32);
const NO_SPAN = '0'.repeat(16);

const isSpanId = (id: string) => id.length === 16 && id !== NO_SPAN;

/** What is wrong with a span's keys and times; undefined when it can be taken. */
export function refusalOf({ traceId, spanId }: SpanIds, startUs: number, endUs: number): Refusal | undefined {
  if (traceId.length !== 32 || traceId === NO_TRACE || !isSpanId(spanId)) return 'invalid_id';
  const timed = startUs > 0 && Number.isSafeInteger(startUs) && Number.isSafeInteger(endUs);
  return timed ? undefined : 'invalid_time';
}

/** A root span has no parent: its parent's id is empty, or zeros. */
export const parentOf = (id: string): string | undefined => (isSpanId(id) ? id : undefined);
