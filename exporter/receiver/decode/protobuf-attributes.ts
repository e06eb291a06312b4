import type { DecodeLimits } from './limits.ts';
import {
  F1_BYTES,
  F2_BYTES,
  F2_VARINT,
  F3_VARINT,
  F4_FIXED64,
  F5_BYTES,
  F6_BYTES,
  F7_BYTES,
  type ProtobufFields,
  truncated,
} from './protobuf-fields.ts';
import type { Attributes } from './request-spans.ts';
import type { SpanSink } from './sink.ts';

/** Reads OTLP's attributes (`KeyValue`, `AnyValue`), bounded in number, depth and length. */
export class ProtobufAttributes {
  readonly #fields: ProtobufFields;
  readonly #limits: DecodeLimits;
  readonly #sink: SpanSink;
  /** Attributes that the span at hand may still have. */
  #left = 0;

  constructor(fields: ProtobufFields, limits: DecodeLimits, sink: SpanSink) {
    this.#fields = fields;
    this.#limits = limits;
    this.#sink = sink;
  }

  /** A span begins, or a resource: it may have as many as the limits say, with those of its events. */
  begin(): void {
    this.#left = this.#limits.attributesPerSpan;
  }

  /** Sets one attribute. */
  keyValue(end: number, to: Attributes, depth = 0): void {
    const { reader } = this.#fields;
    if (this.#left <= 0) {
      this.#sink.limited();
      reader.pos = end;
      return;
    }
    this.#left -= 1;
    let key = '';
    let value: unknown;
    while (reader.pos < end) {
      const tag = reader.uint32();
      if (tag === F1_BYTES) key = this.#fields.text(end);
      else if (tag === F2_BYTES) value = this.#value(this.#fields.end(end), depth);
      else this.#fields.skip(tag);
    }
    if (reader.pos !== end) throw truncated();
    // Assigned to an ordinary object, this key would change what the object is.
    if (value !== undefined && key !== '__proto__') to[key] = value;
  }

  /** An `AnyValue`; undefined when it is empty or too deep. */
  #value(end: number, depth: number): unknown {
    const { reader } = this.#fields;
    let value: unknown;
    while (reader.pos < end) {
      const tag = reader.uint32();
      switch (tag) {
        case F1_BYTES:
          value = this.#fields.text(end);
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
          if (depth < this.#limits.depth) value = this.#list(this.#fields.end(end), depth + 1);
          else this.#fields.leaveOut(tag);
          break;
        case F6_BYTES:
          if (depth < this.#limits.depth) value = this.#object(this.#fields.end(end), depth + 1);
          else this.#fields.leaveOut(tag);
          break;
        case F7_BYTES:
          value = this.#fields.base64(end);
          break;
        default:
          this.#fields.skip(tag);
      }
    }
    return value;
  }

  #list(end: number, depth: number): unknown[] {
    const { reader } = this.#fields;
    const list: unknown[] = [];
    while (reader.pos < end) {
      const tag = reader.uint32();
      if (tag !== F1_BYTES) this.#fields.skip(tag);
      else if (list.length < this.#limits.listEntries && this.#left > 0) {
        this.#left -= 1;
        list.push(this.#value(this.#fields.end(end), depth) ?? null);
      } else this.#fields.leaveOut(tag);
    }
    return list;
  }

  #object(end: number, depth: number): Attributes {
    const { reader } = this.#fields;
    const object: Attributes = {};
    while (reader.pos < end) {
      const tag = reader.uint32();
      if (tag === F1_BYTES) this.keyValue(this.#fields.end(end), object, depth);
      else this.#fields.skip(tag);
    }
    return object;
  }
}

/** Beyond 2^53 it is the nearest double. */
function toNumber(value: number | { low: number; high: number }): number {
  return typeof value === 'number' ? value : value.high * 4_294_967_296 + (value.low >>> 0);
}
