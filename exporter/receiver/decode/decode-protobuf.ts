import protobuf, { type Reader } from 'protobufjs/minimal.js';
import type { Micros } from '../../../model/facts.ts';
import type { SpanRecord, SpanRecordEvent } from '../../../model/span-record.ts';
import { type DecodeLimits, MalformedError, TooLargeError } from './limits.ts';
import { parentOf, refusalOf, type SpanSink } from './sink.ts';
import { TextCache } from './text-cache.ts';

/**
 * Reads an `ExportTraceServiceRequest` (opentelemetry-proto 1.x) straight into span records: no message objects are made
 * on the way, and every limit holds while it reads.
 * @throws MalformedError when the bytes are not such a message.
 * @throws TooLargeError when there are more spans than `limits.spans`.
 */
export function decodeProtobuf(body: Buffer, limits: DecodeLimits, sink: SpanSink): void {
  try {
    new ProtobufDecoder(body, limits, sink).request();
  } catch (error) {
    if (error instanceof TooLargeError || error instanceof MalformedError) throw error;
    throw new MalformedError('the body is not a protobuf message', { cause: error });
  }
}

/** Wire types. A field whose type is not the expected one is an unknown field. */
const VARINT = 0;
const FIXED64 = 1;
const BYTES = 2;
const FIXED32 = 5;

/** Tags as they stand in the bytes: the field's number and its wire type. Two messages have the same first fields. */
const F1_FIXED64 = (1 << 3) | FIXED64;
const F1_BYTES = (1 << 3) | BYTES;
const F2_VARINT = (2 << 3) | VARINT;
const F2_BYTES = (2 << 3) | BYTES;
const F3_VARINT = (3 << 3) | VARINT;
const F3_BYTES = (3 << 3) | BYTES;
const F4_FIXED64 = (4 << 3) | FIXED64;
const F4_BYTES = (4 << 3) | BYTES;
const F5_BYTES = (5 << 3) | BYTES;
const F6_BYTES = (6 << 3) | BYTES;
const F7_FIXED64 = (7 << 3) | FIXED64;
const F7_BYTES = (7 << 3) | BYTES;
const F8_FIXED64 = (8 << 3) | FIXED64;
const F9_BYTES = (9 << 3) | BYTES;
const F11_BYTES = (11 << 3) | BYTES;
const F15_BYTES = (15 << 3) | BYTES;

const texts = new TextCache();

type Attributes = Record<string, unknown>;
interface Scope {
  scopeName?: string;
  scopeVersion?: string;
}

class ProtobufDecoder {
  readonly #body: Buffer;
  readonly #reader: Reader;
  readonly #limits: DecodeLimits;
  readonly #sink: SpanSink;
  #spans = 0;
  /** Attributes that the span at hand may still have. */
  #attributesLeft = 0;

  constructor(body: Buffer, limits: DecodeLimits, sink: SpanSink) {
    this.#body = body;
    this.#reader = protobuf.Reader.create(body);
    this.#limits = limits;
    this.#sink = sink;
  }

  request(): void {
    const reader = this.#reader;
    while (reader.pos < reader.len) {
      const tag = reader.uint32();
      if (tag === F1_BYTES) this.#resourceSpans(this.#end(reader.len));
      else this.#skip(tag);
    }
    if (reader.pos !== reader.len) throw truncated();
  }

  #resourceSpans(end: number): void {
    const reader = this.#reader;
    const resource: Attributes = {};
    // Senders write the resource first, but need not. Looking for it costs little: spans are skipped by their length.
    this.#eachOf(F1_BYTES, end, (fieldEnd) => {
      this.#attributesLeft = this.#limits.attributesPerSpan;
      while (reader.pos < fieldEnd) {
        const tag = reader.uint32();
        if (tag === F1_BYTES) this.#keyValue(this.#end(fieldEnd), resource, 0);
        else this.#skip(tag);
      }
    });
    this.#eachOf(F2_BYTES, end, (fieldEnd) => this.#scopeSpans(fieldEnd, resource));
    reader.pos = end;
  }

  #scopeSpans(end: number, resource: Attributes): void {
    const reader = this.#reader;
    const scope: Scope = {};
    this.#eachOf(F1_BYTES, end, (fieldEnd) => {
      while (reader.pos < fieldEnd) {
        const tag = reader.uint32();
        if (tag === F1_BYTES) scope.scopeName = this.#text(fieldEnd);
        else if (tag === F2_BYTES) scope.scopeVersion = this.#text(fieldEnd);
        else this.#skip(tag);
      }
    });
    this.#eachOf(F2_BYTES, end, (fieldEnd) => this.#span(fieldEnd, resource, scope));
    reader.pos = end;
  }

  #span(end: number, resource: Attributes, { scopeName, scopeVersion }: Scope): void {
    const reader = this.#reader;
    const { spans, attributesPerSpan, eventsPerSpan } = this.#limits;
    this.#spans += 1;
    if (this.#spans > spans) throw new TooLargeError(`the request has more than ${spans} spans`);
    this.#attributesLeft = attributesPerSpan;
    const ids = { traceId: '', spanId: '', parentSpanId: '' };
    const attributes: Attributes = {};
    const events: SpanRecordEvent[] = [];
    let name = '';
    let startUs = 0;
    let endUs = 0;
    let statusCode = 0;
    while (reader.pos < end) {
      const tag = reader.uint32();
      switch (tag) {
        case F1_BYTES:
          ids.traceId = this.#id(end);
          break;
        case F2_BYTES:
          ids.spanId = this.#id(end);
          break;
        case F4_BYTES:
          ids.parentSpanId = this.#id(end);
          break;
        case F5_BYTES:
          name = this.#text(end);
          break;
        case F7_FIXED64:
          startUs = this.#micros();
          break;
        case F8_FIXED64:
          endUs = this.#micros();
          break;
        case F9_BYTES:
          this.#keyValue(this.#end(end), attributes, 0);
          break;
        case F11_BYTES:
          if (events.length < eventsPerSpan) events.push(this.#event(this.#end(end)));
          else this.#leaveOut(tag);
          break;
        case F15_BYTES:
          statusCode = this.#statusCode(this.#end(end));
          break;
        default:
          this.#skip(tag);
      }
    }
    if (reader.pos !== end) throw truncated();
    const refusal = refusalOf(ids, startUs, endUs);
    if (refusal !== undefined) {
      this.#sink.refused(refusal);
      return;
    }
    const parentSpanId = parentOf(ids.parentSpanId);
    const span: SpanRecord = {
      traceId: ids.traceId,
      spanId: ids.spanId,
      name,
      startUs,
      endUs,
      statusCode,
      attributes,
      events,
      resource,
    };
    if (parentSpanId !== undefined) span.parentSpanId = parentSpanId;
    if (scopeName !== undefined) span.scopeName = scopeName;
    if (scopeVersion !== undefined) span.scopeVersion = scopeVersion;
    this.#sink.span(span);
  }

  #event(end: number): SpanRecordEvent {
    const reader = this.#reader;
    const attributes: Attributes = {};
    const event: SpanRecordEvent = { name: '', timeUs: Number.NaN };
    while (reader.pos < end) {
      const tag = reader.uint32();
      if (tag === F1_FIXED64) event.timeUs = this.#micros();
      else if (tag === F2_BYTES) event.name = this.#text(end);
      else if (tag === F3_BYTES) {
        event.attributes = attributes;
        this.#keyValue(this.#end(end), attributes, 0);
      } else this.#skip(tag);
    }
    return event;
  }

  #statusCode(end: number): number {
    const reader = this.#reader;
    let code = 0;
    while (reader.pos < end) {
      const tag = reader.uint32();
      if (tag === F3_VARINT) code = reader.int32();
      else this.#skip(tag);
    }
    return code;
  }

  /** Sets one attribute. */
  #keyValue(end: number, to: Attributes, depth: number): void {
    const reader = this.#reader;
    if (this.#attributesLeft <= 0) {
      this.#sink.limited();
      reader.pos = end;
      return;
    }
    this.#attributesLeft -= 1;
    let key = '';
    let value: unknown;
    while (reader.pos < end) {
      const tag = reader.uint32();
      if (tag === F1_BYTES) key = this.#text(end);
      else if (tag === F2_BYTES) value = this.#value(this.#end(end), depth);
      else this.#skip(tag);
    }
    if (reader.pos !== end) throw truncated();
    // Assigned to an ordinary object, this key would change what the object is.
    if (value !== undefined && key !== '__proto__') to[key] = value;
  }

  /** An `AnyValue`; undefined when it is empty or too deep. */
  #value(end: number, depth: number): unknown {
    const reader = this.#reader;
    let value: unknown;
    while (reader.pos < end) {
      const tag = reader.uint32();
      switch (tag) {
        case F1_BYTES:
          value = this.#text(end);
          break;
        case F2_VARINT:
          value = reader.bool();
          break;
        case F3_VARINT:
          value = toNumber(reader.int64());
          break;
        case F4_FIXED64:
          value = reader.double();
          break;
        case F5_BYTES:
          if (depth < this.#limits.depth) value = this.#list(this.#end(end), depth + 1);
          else this.#leaveOut(tag);
          break;
        case F6_BYTES:
          if (depth < this.#limits.depth) value = this.#object(this.#end(end), depth + 1);
          else this.#leaveOut(tag);
          break;
        case F7_BYTES:
          value = this.#base64(end);
          break;
        default:
          this.#skip(tag);
      }
    }
    return value;
  }

  #list(end: number, depth: number): unknown[] {
    const reader = this.#reader;
    const list: unknown[] = [];
    while (reader.pos < end) {
      const tag = reader.uint32();
      if (tag !== F1_BYTES) this.#skip(tag);
      else if (list.length < this.#limits.listEntries && this.#attributesLeft > 0) {
        this.#attributesLeft -= 1;
        list.push(this.#value(this.#end(end), depth) ?? null);
      } else this.#leaveOut(tag);
    }
    return list;
  }

  #object(end: number, depth: number): Attributes {
    const reader = this.#reader;
    const object: Attributes = {};
    while (reader.pos < end) {
      const tag = reader.uint32();
      if (tag === F1_BYTES) this.#keyValue(this.#end(end), object, depth);
      else this.#skip(tag);
    }
    return object;
  }

  /** Reads the fields of one tag up to `end`, the others skipped, and goes back to where it began. */
  #eachOf(wanted: number, end: number, read: (fieldEnd: number) => void): void {
    const reader = this.#reader;
    const start = reader.pos;
    while (reader.pos < end) {
      const tag = reader.uint32();
      if (tag !== wanted) {
        this.#skip(tag);
        continue;
      }
      const fieldEnd = this.#end(end);
      read(fieldEnd);
      if (reader.pos !== fieldEnd) throw truncated();
    }
    if (reader.pos !== end) throw truncated();
    reader.pos = start;
  }

  /** Where the field that begins here ends. */
  #end(outerEnd: number): number {
    const reader = this.#reader;
    const length = reader.uint32();
    const end = reader.pos + length;
    if (end > outerEnd) throw truncated();
    return end;
  }

  #text(outerEnd: number): string {
    const end = this.#end(outerEnd);
    const reader = this.#reader;
    const start = reader.pos;
    reader.pos = end;
    const { valueLength } = this.#limits;
    if (end - start <= valueLength) return texts.read(this.#body, start, end);
    this.#sink.limited();
    return this.#body.toString('utf8', start, start + valueLength);
  }

  #base64(outerEnd: number): string {
    const end = this.#end(outerEnd);
    const start = this.#reader.pos;
    this.#reader.pos = end;
    const longest = Math.floor(this.#limits.valueLength / 4) * 3;
    if (end - start > longest) this.#sink.limited();
    return this.#body.toString('base64', start, Math.min(end, start + longest));
  }

  #id(outerEnd: number): string {
    const end = this.#end(outerEnd);
    const start = this.#reader.pos;
    this.#reader.pos = end;
    // Anything longer is not an id; one byte more than the longest is enough to see it.
    return this.#body.toString('hex', start, Math.min(end, start + 17));
  }

  /** Nanoseconds as microseconds, rounded to the nearest: exact, where a product of doubles would not be. */
  #micros(): Micros {
    const low = this.#reader.fixed32();
    const high = this.#reader.fixed32();
    // 2^32 ns are 4 294 967 µs and 296 ns.
    return high * 4_294_967 + Math.round((high * 296 + low) / 1_000);
  }

  #leaveOut(tag: number): void {
    this.#sink.limited();
    this.#skip(tag);
  }

  /** Over an unknown field. Groups, which nest, do not exist in OTLP. */
  #skip(tag: number): void {
    const reader = this.#reader;
    switch (tag & 7) {
      case VARINT:
        reader.skip();
        break;
      case FIXED64:
        reader.skip(8);
        break;
      case BYTES:
        reader.skip(reader.uint32());
        break;
      case FIXED32:
        reader.skip(4);
        break;
      default:
        throw new MalformedError('the body has a field of a wire type that OTLP does not have');
    }
  }
}

const truncated = () => new MalformedError('a field of the body does not end where its message ends');

/** Beyond 2^53 it is the nearest double. */
function toNumber(value: number | { low: number; high: number }): number {
  return typeof value === 'number' ? value : value.high * 4_294_967_296 + (value.low >>> 0);
}
