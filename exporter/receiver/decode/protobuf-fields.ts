import protobuf, { type Reader } from 'protobufjs/minimal.js';
import type { Micros } from '../../../model/facts.ts';
import { type DecodeLimits, MalformedError } from './limits.ts';
import type { SpanSink } from './sink.ts';
import { TextCache } from './text-cache.ts';

/** Wire types. A field whose type is not the expected one is an unknown field. */
const VARINT = 0;
const FIXED64 = 1;
const BYTES = 2;
const FIXED32 = 5;

/** Tags as in the bytes: the field's number and its wire type. Two messages have the same first fields. */
export const F1_FIXED64 = (1 << 3) | FIXED64;
export const F1_BYTES = (1 << 3) | BYTES;
export const F2_VARINT = (2 << 3) | VARINT;
export const F2_BYTES = (2 << 3) | BYTES;
export const F3_VARINT = (3 << 3) | VARINT;
export const F3_BYTES = (3 << 3) | BYTES;
export const F4_FIXED64 = (4 << 3) | FIXED64;
export const F4_BYTES = (4 << 3) | BYTES;
export const F5_BYTES = (5 << 3) | BYTES;
export const F6_BYTES = (6 << 3) | BYTES;
export const F7_FIXED64 = (7 << 3) | FIXED64;
export const F7_BYTES = (7 << 3) | BYTES;
export const F8_FIXED64 = (8 << 3) | FIXED64;
export const F9_BYTES = (9 << 3) | BYTES;
export const F11_FIXED64 = (11 << 3) | FIXED64;
export const F11_BYTES = (11 << 3) | BYTES;
export const F15_BYTES = (15 << 3) | BYTES;

const texts = new TextCache();

/** Reads the fields of protobuf messages where they lie, bounded in length. */
export class ProtobufFields {
  readonly reader: Reader;
  readonly #body: Buffer;
  readonly #limits: DecodeLimits;
  readonly #sink: SpanSink;

  constructor(body: Buffer, limits: DecodeLimits, sink: SpanSink) {
    this.reader = protobuf.Reader.create(body);
    this.#body = body;
    this.#limits = limits;
    this.#sink = sink;
  }

  /** Reads the fields of one tag up to `end`, the others skipped, and goes back to where it began. */
  eachOf(wanted: number, end: number, read: (fieldEnd: number) => void): void {
    const reader = this.reader;
    const start = reader.pos;
    while (reader.pos < end) {
      const tag = reader.uint32();
      if (tag !== wanted) {
        this.skip(tag);
        continue;
      }
      const fieldEnd = this.end(end);
      read(fieldEnd);
      if (reader.pos !== fieldEnd) throw truncated();
    }
    if (reader.pos !== end) throw truncated();
    reader.pos = start;
  }

  /** Where the field that begins here ends. */
  end(outerEnd: number): number {
    const reader = this.reader;
    const length = reader.uint32();
    const end = reader.pos + length;
    if (end > outerEnd) throw truncated();
    return end;
  }

  /** Cut off at the limit of a value. */
  text(outerEnd: number): string {
    const end = this.end(outerEnd);
    const reader = this.reader;
    const start = reader.pos;
    reader.pos = end;
    const { valueLength } = this.#limits;
    if (end - start <= valueLength) return texts.read(this.#body, start, end);
    this.#sink.limited();
    return this.#body.toString('utf8', start, start + valueLength);
  }

  /** Bytes, cut off at the limit of a value. */
  base64(outerEnd: number): string {
    const end = this.end(outerEnd);
    const start = this.reader.pos;
    this.reader.pos = end;
    const longest = Math.floor(this.#limits.valueLength / 4) * 3;
    if (end - start > longest) this.#sink.limited();
    return this.#body.toString('base64', start, Math.min(end, start + longest));
  }

  /** An id's bytes, in hexadecimal. */
  id(outerEnd: number): string {
    const end = this.end(outerEnd);
    const start = this.reader.pos;
    this.reader.pos = end;
    // Anything longer is not an id; one byte more than the longest is enough to see it.
    return this.#body.toString('hex', start, Math.min(end, start + 17));
  }

  /** Nanoseconds as microseconds, rounded to the nearest: exact, where a product of doubles would not be. */
  micros(): Micros {
    const low = this.reader.fixed32();
    const high = this.reader.fixed32();
    // 2^32 ns are 4 294 967 µs and 296 ns.
    return high * 4_294_967 + Math.round((high * 296 + low) / 1_000);
  }

  /** Skips a field that is beyond a limit, and says so. */
  leaveOut(tag: number): void {
    this.#sink.limited();
    this.skip(tag);
  }

  /** Over an unknown field. Groups, which nest, do not exist in OTLP. */
  skip(tag: number): void {
    const reader = this.reader;
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

export const truncated = (): MalformedError =>
  new MalformedError('a field of the body does not end where its message ends');
