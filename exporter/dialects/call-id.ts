import type { SpanRecord } from '../../model/span-record.ts';
import { id } from './attributes.ts';
import { callIdOf } from './dialect.ts';

/** The call of a span: its own word for it, else the first of these attributes that has one. */
export function callIdFrom(span: SpanRecord, names: readonly string[]): string | undefined {
  const own = callIdOf(span);
  if (own !== undefined) return own;
  for (const name of names) {
    const value = id(span.attributes, name);
    if (value !== undefined) return value;
  }
  return undefined;
}
