import type { Micros } from '../../../model/facts.ts';
import type { Attributes } from './request-spans.ts';

/** A log record of OTLP, as far as it is read. */
export interface LogRecord {
  timeUs: Micros;
  /** Empty where it is no text. */
  body: string;
  readonly attributes: Attributes;
  readonly resource: Attributes;
  readonly scopeName: string;
  readonly scopeAttributes: Attributes;
}

/** Where a decoder puts the log records that it reads. */
export interface LogSink {
  /** Whether records of this instrumentation are wanted: of others nothing is read. */
  wants(scopeName: string): boolean;
  record(record: LogRecord): void;
  /** Something was left out or cut off, by `DecodeLimits`. */
  limited(): void;
}

/** A record of which nothing is known yet; its attributes may still be filled. */
export const blankRecord = (
  resource: Attributes,
  scopeName: string,
  scopeAttributes: Attributes,
): LogRecord => ({ timeUs: Number.NaN, body: '', attributes: {}, resource, scopeName, scopeAttributes });
