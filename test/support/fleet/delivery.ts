import { gzipSync } from 'node:zlib';
import { JsonTraceSerializer, ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import type { Random } from '../../../demo/simulators/random.ts';

/** One request, as an exporter or a collector makes it. */
export interface Delivery {
  readonly body: Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
}

const MAX_BATCH = 12;
const MAX_COPIES = 3;

/** The deliveries of a sender, each with its token. */
export const shownWith = (token: string, deliveries: readonly Delivery[]): Delivery[] =>
  deliveries.map(({ body, headers }) => ({
    body,
    headers: { ...headers, authorization: `Bearer ${token}` },
  }));

/**
 * Spans as a fleet of senders delivers them: in batches of one to twelve over all calls, in no order, each batch one to
 * three times, in all encodings.
 */
export function deliveriesOf(spans: readonly ReadableSpan[], random: Random): Delivery[] {
  const rest = shuffled(spans, random);
  const deliveries: Delivery[] = [];
  while (rest.length > 0) {
    const delivery = encoded(rest.splice(0, 1 + below(MAX_BATCH, random)), random);
    for (let copies = 1 + below(MAX_COPIES, random); copies > 0; copies -= 1) deliveries.push(delivery);
  }
  return shuffled(deliveries, random);
}

/** A whole number from 0 to below `limit`. */
export const below = (limit: number, random: Random): number => Math.floor(random.between(0, limit));

function encoded(spans: ReadableSpan[], random: Random): Delivery {
  const json = below(4, random) === 0;
  const bytes = (json ? JsonTraceSerializer : ProtobufTraceSerializer).serializeRequest(spans);
  if (bytes === undefined) throw new Error('The serializer gave nothing.');
  const contentType = { 'content-type': json ? 'application/json' : 'application/x-protobuf' };
  if (below(2, random) === 0) return { body: bytes, headers: contentType };
  return { body: gzipSync(bytes), headers: { ...contentType, 'content-encoding': 'gzip' } };
}

export function shuffled<T>(items: readonly T[], random: Random): T[] {
  const copy = [...items];
  for (let index = copy.length - 1; index > 0; index -= 1) {
    const other = below(index + 1, random);
    [copy[index], copy[other]] = [copy[other] as T, copy[index] as T];
  }
  return copy;
}
