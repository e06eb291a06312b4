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
