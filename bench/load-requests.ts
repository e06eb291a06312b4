import { gzipSync } from 'node:zlib';
import { ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import { readFact } from '../exporter/dialects/index.ts';
import type { Fact } from '../model/facts.ts';
import { ATTR } from '../model/semconv.ts';
import { fromFinishedSpan } from '../model/span-record.ts';
import { lengthMs, recordCalls } from './recorded-calls.ts';

/** What OpenTelemetry's batch processor sends at once by default. */
const REQUEST_SPANS = 512;
const TEMPLATE_CALLS = 400;
const TURNS = 8;

/** One request of many: `round` is which copy of the template, `part` which request of it. */
export interface RequestId {
  readonly round: number;
  readonly part: number;
}

/** Where an id stands in the bytes of a request, and which one it is. */
interface Place {
  readonly offset: number;
  /** Trace and span ids are bytes, a call id is text. */
  readonly encoding: 'hex' | 'latin1';
  readonly id: string;
}

interface Part {
  readonly bytes: Buffer;
  /** What a receiver stores of it. */
  readonly facts: readonly Fact[];
  readonly places: readonly Place[];
}

/**
 * Requests of OTLP protobuf, without end and all different, cheap to make: the spans of some hundred calls, encoded once
 * by the real serializer; a copy of a request has other ids in the same places. Ids stay as scattered as random ones are.
 */
export class LoadRequests {
  readonly parts: number;
  readonly #parts: readonly Part[];

  /** `together`: all calls of a round begin at once, and so are open at once. (Default: one a second.) */
  constructor({ together = false }: { together?: boolean } = {}) {
    // Calls of just now: their spans go where those of live calls go, and not to the partition for the rest.
    const fromMs = Date.now() - lengthMs(TEMPLATE_CALLS, TURNS);
    const spans = ordered(recordCalls(TEMPLATE_CALLS, TURNS, fromMs), together);
    const batches: ReadableSpan[][] = [];
    for (let from = 0; from < spans.length; from += REQUEST_SPANS) {
      batches.push(spans.slice(from, from + REQUEST_SPANS));
    }
    this.#parts = batches.map(partOf);
    this.parts = batches.length;
  }

  /** The packed body of a request. */
  body({ round, part }: RequestId): Buffer {
    const template = this.#parts[part];
    if (template === undefined) throw new RangeError(`There is no part ${part}.`);
    const bytes = Buffer.from(template.bytes);
    for (const { offset, encoding, id } of template.places)
      bytes.write(idOf(id, round).slice(0, 8), offset, encoding);
    return gzipSync(bytes, { level: 1 });
  }

  /** The facts that a receiver stores of a request. */
  facts({ round, part }: RequestId): Fact[] {
    return (this.#parts[part]?.facts ?? []).map((fact) => ({
      ...fact,
      traceId: idOf(fact.traceId, round),
      spanId: idOf(fact.spanId, round),
      callId: idOf(fact.callId, round),
    }));
  }
}

/** An id of a round: its first four bytes are other ones. */
function idOf(hexId: string, round: number): string {
  const value = (Number.parseInt(hexId.slice(0, 8), 16) ^ scattered(round)) >>> 0;
  return value.toString(16).padStart(8, '0') + hexId.slice(8);
}

/** A different number for each round, with bits of no pattern. */
const scattered = (round: number): number => Math.imul(round + 1, 0x9e3779b1) >>> 0;

function ordered(spans: readonly ReadableSpan[], together: boolean): ReadableSpan[] {
  const seconds = ({ endTime: [whole, nanos] }: ReadableSpan) => whole + nanos / 1e9;
  if (!together) return spans.toSorted((a, b) => seconds(a) - seconds(b));
  const lastOf = new Map<unknown, number>();
  for (const span of spans) {
    const callId = span.attributes[ATTR.callId];
    lastOf.set(callId, Math.max(lastOf.get(callId) ?? 0, seconds(span)));
  }
  // Counted back from the call's end.
  const position = (span: ReadableSpan) => seconds(span) - (lastOf.get(span.attributes[ATTR.callId]) ?? 0);
  return spans.toSorted((a, b) => position(a) - position(b));
}

function partOf(spans: ReadableSpan[]): Part {
  const bytes = Buffer.from(ProtobufTraceSerializer.serializeRequest(spans) ?? []);
  const hexIds = new Set<string>();
  const callIds = new Set<string>();
  for (const span of spans) {
    const { traceId, spanId } = span.spanContext();
    for (const id of [traceId, spanId, span.parentSpanContext?.spanId]) if (id !== undefined) hexIds.add(id);
    for (const { context } of span.links) hexIds.add(context.traceId).add(context.spanId);
    callIds.add(String(span.attributes[ATTR.callId]));
  }
  return {
    bytes,
    facts: spans.flatMap((span) => readFact(fromFinishedSpan(span)) ?? []),
    places: placesOf(bytes, { hex: hexIds, latin1: callIds }),
  };
}

/** Where the ids stand. One walk over the bytes: a search for each of a thousand ids would take seconds. */
function placesOf(bytes: Buffer, ids: Readonly<Record<Place['encoding'], ReadonlySet<string>>>): Place[] {
  const byBegin = new Map<
    number,
    { readonly needle: Buffer; readonly encoding: Place['encoding']; readonly id: string }[]
  >();
  for (const encoding of ['hex', 'latin1'] as const) {
    for (const id of ids[encoding]) {
      const needle = Buffer.from(id, encoding);
      const begin = needle.readUInt32LE();
      byBegin.set(begin, [...(byBegin.get(begin) ?? []), { needle, encoding, id }]);
    }
  }
  const places: Place[] = [];
  for (let offset = 0; offset <= bytes.length - 4; offset += 1) {
    for (const { needle, encoding, id } of byBegin.get(bytes.readUInt32LE(offset)) ?? []) {
      if (needle.equals(bytes.subarray(offset, offset + needle.length)))
        places.push({ offset, encoding, id });
    }
  }
  return places;
}
