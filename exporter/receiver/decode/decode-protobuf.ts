import type { SpanRecordEvent } from '../../../model/span-record.ts';
import { type DecodeLimits, MalformedError, TooLargeError } from './limits.ts';
import { ProtobufAttributes } from './protobuf-attributes.ts';
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
import { type Attributes, blankSpan, RequestSpans, type Scope } from './request-spans.ts';
import type { SpanSink } from './sink.ts';

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

class ProtobufDecoder {
  readonly #fields: ProtobufFields;
  readonly #attributes: ProtobufAttributes;
  readonly #spans: RequestSpans;
  readonly #mostEvents: number;

  constructor(body: Buffer, limits: DecodeLimits, sink: SpanSink) {
    this.#fields = new ProtobufFields(body, limits, sink);
    this.#attributes = new ProtobufAttributes(this.#fields, limits, sink);
    this.#spans = new RequestSpans(limits, sink);
    this.#mostEvents = limits.eventsPerSpan;
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

  #span(end: number, resource: Attributes, scope: Scope): void {
    const { reader } = this.#fields;
    this.#spans.begin();
    this.#attributes.begin();
    const attributes: Attributes = {};
    const events: SpanRecordEvent[] = [];
    const span = blankSpan(attributes, events, resource);
    let parentId = '';
    while (reader.pos < end) {
      const tag = reader.uint32();
      switch (tag) {
        case F1_BYTES:
          span.traceId = this.#fields.id(end);
          break;
        case F2_BYTES:
          span.spanId = this.#fields.id(end);
          break;
        case F4_BYTES:
          parentId = this.#fields.id(end);
          break;
        case F5_BYTES:
          span.name = this.#fields.text(end);
          break;
        case F7_FIXED64:
          span.startUs = this.#fields.micros();
          break;
        case F8_FIXED64:
          span.endUs = this.#fields.micros();
          break;
        case F9_BYTES:
          this.#attributes.keyValue(this.#fields.end(end), attributes);
          break;
        case F11_BYTES:
          if (events.length < this.#mostEvents) events.push(this.#event(this.#fields.end(end)));
          else this.#fields.leaveOut(tag);
          break;
        case F15_BYTES:
          span.statusCode = this.#statusCode(this.#fields.end(end));
          break;
        default:
          this.#fields.skip(tag);
      }
    }
    if (reader.pos !== end) throw truncated();
    this.#spans.end(span, parentId, scope);
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
