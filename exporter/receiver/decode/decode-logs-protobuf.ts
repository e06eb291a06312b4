import { type DecodeLimits, MalformedError, TooLargeError } from './limits.ts';
import { blankRecord, type LogSink } from './log-record.ts';
import { ProtobufAttributes } from './protobuf-attributes.ts';
import {
  F1_BYTES,
  F1_FIXED64,
  F2_BYTES,
  F3_BYTES,
  F5_BYTES,
  F6_BYTES,
  F11_FIXED64,
  ProtobufFields,
  truncated,
} from './protobuf-fields.ts';
import type { Attributes } from './request-spans.ts';

/**
 * Reads an `ExportLogsServiceRequest` (opentelemetry-proto 1.x), as `decodeProtobuf` reads one of spans.
 * @throws MalformedError when the bytes are not such a message.
 * @throws TooLargeError when more wanted records than `limits.spans` are in it.
 */
export function decodeLogsProtobuf(body: Buffer, limits: DecodeLimits, sink: LogSink): void {
  try {
    new LogsDecoder(body, limits, sink).request();
  } catch (error) {
    if (error instanceof TooLargeError || error instanceof MalformedError) throw error;
    throw new MalformedError('the body is not a protobuf message', { cause: error });
  }
}

class LogsDecoder {
  readonly #fields: ProtobufFields;
  readonly #attributes: ProtobufAttributes;
  readonly #sink: LogSink;
  readonly #most: number;
  #count = 0;

  constructor(body: Buffer, limits: DecodeLimits, sink: LogSink) {
    const limited = { ...NO_SPANS, limited: () => sink.limited() };
    this.#fields = new ProtobufFields(body, limits, limited);
    this.#attributes = new ProtobufAttributes(this.#fields, limits, limited);
    this.#sink = sink;
    this.#most = limits.spans;
  }

  request(): void {
    const { reader } = this.#fields;
    while (reader.pos < reader.len) {
      const tag = reader.uint32();
      if (tag === F1_BYTES) this.#resourceLogs(this.#fields.end(reader.len));
      else this.#fields.skip(tag);
    }
    if (reader.pos !== reader.len) throw truncated();
  }

  #resourceLogs(end: number): void {
    const resource: Attributes = {};
    this.#fields.eachOf(F1_BYTES, end, (fieldEnd) => {
      this.#attributes.begin();
      this.#keyValues(F1_BYTES, fieldEnd, resource);
    });
    this.#fields.eachOf(F2_BYTES, end, (fieldEnd) => this.#scopeLogs(fieldEnd, resource));
    this.#fields.reader.pos = end;
  }

  #scopeLogs(end: number, resource: Attributes): void {
    const { reader } = this.#fields;
    let name = '';
    const scope: Attributes = {};
    this.#fields.eachOf(F1_BYTES, end, (fieldEnd) => {
      this.#attributes.begin();
      while (reader.pos < fieldEnd) {
        const tag = reader.uint32();
        if (tag === F1_BYTES) name = this.#fields.text(fieldEnd);
        else if (tag === F3_BYTES) this.#attributes.keyValue(this.#fields.end(fieldEnd), scope);
        else this.#fields.skip(tag);
      }
    });
    if (this.#sink.wants(name))
      this.#fields.eachOf(F2_BYTES, end, (fieldEnd) => this.#record(fieldEnd, resource, name, scope));
    reader.pos = end;
  }

  #record(end: number, resource: Attributes, scopeName: string, scope: Attributes): void {
    this.#count += 1;
    if (this.#count > this.#most) throw new TooLargeError(`the request has more than ${this.#most} records`);
    this.#attributes.begin();
    const { reader } = this.#fields;
    const record = blankRecord(resource, scopeName, scope);
    let observedUs = Number.NaN;
    while (reader.pos < end) {
      const tag = reader.uint32();
      if (tag === F1_FIXED64) record.timeUs = this.#fields.micros();
      else if (tag === F11_FIXED64) observedUs = this.#fields.micros();
      else if (tag === F5_BYTES) record.body = this.#body(this.#fields.end(end));
      else if (tag === F6_BYTES) this.#attributes.keyValue(this.#fields.end(end), record.attributes);
      else this.#fields.skip(tag);
    }
    if (reader.pos !== end) throw truncated();
    // Of an event that does not say when it was: when it was seen.
    if (!(record.timeUs > 0)) record.timeUs = observedUs;
    this.#sink.record(record);
  }

  #body(end: number): string {
    const { reader } = this.#fields;
    let body = '';
    while (reader.pos < end) {
      const tag = reader.uint32();
      if (tag === F1_BYTES) body = this.#fields.text(end);
      else this.#fields.skip(tag);
    }
    return body;
  }

  #keyValues(wanted: number, end: number, to: Attributes): void {
    const { reader } = this.#fields;
    while (reader.pos < end) {
      const tag = reader.uint32();
      if (tag === wanted) this.#attributes.keyValue(this.#fields.end(end), to);
      else this.#fields.skip(tag);
    }
  }
}

/** Of a sink of spans the readers of fields use one method. */
const NO_SPANS = { span: () => {}, refused: () => {} };
