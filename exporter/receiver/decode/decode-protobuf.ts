import type { SpanRecord, SpanRecordEvent } from '../../../model/span-record.ts';
import { type DecodeLimits, MalformedError, TooLargeError } from './limits.ts';
import { type Attributes, ProtobufAttributes } from './protobuf-attributes.ts';
import {
  F1_BYTES,
  F1_FIXED64,
  F2_BYTES,
  F3_BYTES,
  F3_VARINT,
  F4_BYTES,
  F5_BYTES,
  F7_FIXED64,
  F8_FIXED64,
  F9_BYTES,
  F11_BYTES,
  F15_BYTES,
  ProtobufFields,
  truncated,
} from './protobuf-fields.ts';
import { parentOf, refusalOf, type SpanSink } from './sink.ts';

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

interface Scope {
  scopeName?: string;
  scopeVersion?: string;
}

class ProtobufDecoder {
  readonly #fields: ProtobufFields;
  readonly #attributes: ProtobufAttributes;
  readonly #limits: DecodeLimits;
  readonly #sink: SpanSink;
  #spans = 0;

  constructor(body: Buffer, limits: DecodeLimits, sink: SpanSink) {
    this.#fields = new ProtobufFields(body, limits, sink);
    this.#attributes = new ProtobufAttributes(this.#fields, limits, sink);
    this.#limits = limits;
    this.#sink = sink;
  }

  request(): void {
    const { reader } = this.#fields;
    while (reader.pos < reader.len) {
      const tag = reader.uint32();
      if (tag === F1_BYTES) this.#resourceSpans(this.#fields.end(reader.len));
      else this.#fields.skip(tag);
    }
    if (reader.pos !== reader.len) throw truncated();
  }

  #resourceSpans(end: number): void {
    const { reader } = this.#fields;
    const resource: Attributes = {};
    // Senders write the resource first, but need not. Looking for it costs little: spans are skipped by their length.
    this.#fields.eachOf(F1_BYTES, end, (fieldEnd) => {
      this.#attributes.begin();
      while (reader.pos < fieldEnd) {
        const tag = reader.uint32();
        if (tag === F1_BYTES) this.#attributes.keyValue(this.#fields.end(fieldEnd), resource);
        else this.#fields.skip(tag);
      }
    });
    this.#fields.eachOf(F2_BYTES, end, (fieldEnd) => this.#scopeSpans(fieldEnd, resource));
    reader.pos = end;
  }

  #scopeSpans(end: number, resource: Attributes): void {
    const { reader } = this.#fields;
    const scope: Scope = {};
    this.#fields.eachOf(F1_BYTES, end, (fieldEnd) => {
      while (reader.pos < fieldEnd) {
        const tag = reader.uint32();
        if (tag === F1_BYTES) scope.scopeName = this.#fields.text(fieldEnd);
        else if (tag === F2_BYTES) scope.scopeVersion = this.#fields.text(fieldEnd);
        else this.#fields.skip(tag);
      }
    });
    this.#fields.eachOf(F2_BYTES, end, (fieldEnd) => this.#span(fieldEnd, resource, scope));
    reader.pos = end;
  }

  #span(end: number, resource: Attributes, { scopeName, scopeVersion }: Scope): void {
    const { reader } = this.#fields;
    const { spans, eventsPerSpan } = this.#limits;
    this.#spans += 1;
    if (this.#spans > spans) throw new TooLargeError(`the request has more than ${spans} spans`);
    this.#attributes.begin();
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
          ids.traceId = this.#fields.id(end);
          break;
        case F2_BYTES:
          ids.spanId = this.#fields.id(end);
          break;
        case F4_BYTES:
          ids.parentSpanId = this.#fields.id(end);
          break;
        case F5_BYTES:
          name = this.#fields.text(end);
          break;
        case F7_FIXED64:
          startUs = this.#fields.micros();
          break;
        case F8_FIXED64:
          endUs = this.#fields.micros();
          break;
        case F9_BYTES:
          this.#attributes.keyValue(this.#fields.end(end), attributes);
          break;
        case F11_BYTES:
          if (events.length < eventsPerSpan) events.push(this.#event(this.#fields.end(end)));
          else this.#fields.leaveOut(tag);
          break;
        case F15_BYTES:
          statusCode = this.#statusCode(this.#fields.end(end));
          break;
        default:
          this.#fields.skip(tag);
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
    const { reader } = this.#fields;
    const attributes: Attributes = {};
    const event: SpanRecordEvent = { name: '', timeUs: Number.NaN };
    while (reader.pos < end) {
      const tag = reader.uint32();
      if (tag === F1_FIXED64) event.timeUs = this.#fields.micros();
      else if (tag === F2_BYTES) event.name = this.#fields.text(end);
      else if (tag === F3_BYTES) {
        event.attributes = attributes;
        this.#attributes.keyValue(this.#fields.end(end), attributes);
      } else this.#fields.skip(tag);
    }
    return event;
  }

  #statusCode(end: number): number {
    const { reader } = this.#fields;
    let code = 0;
    while (reader.pos < end) {
      const tag = reader.uint32();
      if (tag === F3_VARINT) code = reader.int32();
      else this.#fields.skip(tag);
    }
    return code;
  }
}
