import { isUtf8 } from 'node:buffer';
import type { Micros } from '../../model/facts.ts';
import type { SpanRecord, SpanRecordEvent } from '../../model/span-record.ts';
import { type DecodeLimits, MalformedError, TooLargeError } from './limits.ts';
import { parentOf, refusalOf, type SpanSink } from './sink.ts';

/**
 * Reads an `ExportTraceServiceRequest` in OTLP's JSON: ids in hex, 64-bit integers as strings or numbers, bytes in
 * base64, enums as numbers (or by their names, which some senders write). Gives the same span records as
 * `decodeProtobuf`. A bad value costs its own span, not the request.
 * @throws MalformedError when the body is not such JSON.
 * @throws TooLargeError when there are more spans than `limits.spans`.
 */
export function decodeJson(body: Buffer, limits: DecodeLimits, sink: SpanSink): void {
  new JsonDecoder(limits, sink).request(parse(body));
}

function parse(body: Buffer): unknown {
  if (!isUtf8(body)) throw new MalformedError('the body is not UTF-8');
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    // The parser's own message quotes what it read.
    throw new MalformedError('the body is not JSON');
  }
}

type Json = Readonly<Record<string, unknown>>;
type Attributes = Record<string, unknown>;

const STATUS_CODES: Readonly<Record<string, number>> = {
  STATUS_CODE_UNSET: 0,
  STATUS_CODE_OK: 1,
  STATUS_CODE_ERROR: 2,
};

class JsonDecoder {
  readonly #limits: DecodeLimits;
  readonly #sink: SpanSink;
  #spans = 0;
  /** Attributes that the span at hand may still have. */
  #attributesLeft = 0;

  constructor(limits: DecodeLimits, sink: SpanSink) {
    this.#limits = limits;
    this.#sink = sink;
  }

  request(value: unknown): void {
    for (const item of list(object(value, 'the body').resourceSpans, 'resourceSpans')) {
      const { resource, scopeSpans } = object(item, 'resourceSpans');
      const attributes = this.#resource(object(resource, 'resource'));
      for (const each of list(scopeSpans, 'scopeSpans'))
        this.#scopeSpans(object(each, 'scopeSpans'), attributes);
    }
  }

  #scopeSpans({ scope, spans }: Json, resource: Attributes): void {
    const { name, version } = object(scope, 'scope');
    for (const each of list(spans, 'spans')) {
      this.#count();
      try {
        this.#span(object(each, 'spans'), resource, this.#text(name, 'name'), this.#text(version, 'version'));
      } catch (error) {
        if (!(error instanceof MalformedError)) throw error;
        this.#sink.refused('malformed');
      }
    }
  }

  /** Every span of a request shares them: a bad one is left out rather than all of the spans. */
  #resource({ attributes }: Json): Attributes {
    this.#attributesLeft = this.#limits.attributesPerSpan;
    const known: Attributes = {};
    for (const item of list(attributes, 'attributes')) {
      try {
        Object.assign(known, this.#attributes([item]));
      } catch (error) {
        if (!(error instanceof MalformedError)) throw error;
        this.#sink.limited();
      }
    }
    return known;
  }

  #count(): void {
    this.#spans += 1;
    const { spans } = this.#limits;
    if (this.#spans > spans) throw new TooLargeError(`the request has more than ${spans} spans`);
  }

  #span(json: Json, resource: Attributes, scopeName?: string, scopeVersion?: string): void {
    const { attributesPerSpan, eventsPerSpan } = this.#limits;
    this.#attributesLeft = attributesPerSpan;
    const ids = {
      traceId: idOf(json.traceId, 'traceId'),
      spanId: idOf(json.spanId, 'spanId'),
      parentSpanId: idOf(json.parentSpanId, 'parentSpanId'),
    };
    const startUs = micros(json.startTimeUnixNano) ?? 0;
    const endUs = micros(json.endTimeUnixNano) ?? 0;
    const events: SpanRecordEvent[] = [];
    const attributes = this.#attributes(json.attributes);
    for (const event of list(json.events, 'events')) {
      if (events.length < eventsPerSpan) events.push(this.#event(object(event, 'events')));
      else this.#sink.limited();
    }
    const span: SpanRecord = {
      traceId: ids.traceId,
      spanId: ids.spanId,
      name: this.#text(json.name, 'name') ?? '',
      startUs,
      endUs,
      statusCode: statusCode(object(json.status, 'status').code),
      attributes,
      events,
      resource,
    };
    const refusal = refusalOf(ids, startUs, endUs);
    if (refusal !== undefined) {
      this.#sink.refused(refusal);
      return;
    }
    const parentSpanId = parentOf(ids.parentSpanId);
    if (parentSpanId !== undefined) span.parentSpanId = parentSpanId;
    if (scopeName !== undefined) span.scopeName = scopeName;
    if (scopeVersion !== undefined) span.scopeVersion = scopeVersion;
    this.#sink.span(span);
  }

  #event({ timeUnixNano, name, attributes }: Json): SpanRecordEvent {
    const event: SpanRecordEvent = {
      name: this.#text(name, 'name') ?? '',
      timeUs: micros(timeUnixNano) ?? Number.NaN,
    };
    const values = list(attributes, 'attributes');
    if (values.length > 0) event.attributes = this.#attributes(values);
    return event;
  }

  #attributes(value: unknown, depth = 0): Attributes {
    const attributes: Attributes = {};
    for (const item of list(value, 'attributes')) {
      const { key, value } = object(item, 'attributes');
      if (this.#attributesLeft <= 0) {
        this.#sink.limited();
        return attributes;
      }
      this.#attributesLeft -= 1;
      const name = this.#text(key, 'key') ?? '';
      const known = this.#value(object(value, 'value'), depth);
      // Assigned to an ordinary object, this key would change what the object is.
      if (known !== undefined && name !== '__proto__') attributes[name] = known;
    }
    return attributes;
  }

  /** An `AnyValue`; undefined when it is empty or too deep. */
  #value(json: Json, depth: number): unknown {
    const { stringValue, boolValue, intValue, doubleValue, arrayValue, kvlistValue, bytesValue } = json;
    if (isPresent(stringValue)) return this.#text(stringValue, 'stringValue');
    if (isPresent(boolValue)) return boolean(boolValue);
    if (isPresent(intValue)) return integer(intValue);
    if (isPresent(doubleValue)) return double(doubleValue);
    if (isPresent(bytesValue)) return this.#base64(bytesValue);
    if (!isPresent(arrayValue) && !isPresent(kvlistValue)) return undefined;
    if (depth >= this.#limits.depth) {
      this.#sink.limited();
      return undefined;
    }
    return isPresent(arrayValue)
      ? this.#list(object(arrayValue, 'arrayValue').values, depth + 1)
      : this.#attributes(object(kvlistValue, 'kvlistValue').values, depth + 1);
  }

  #list(value: unknown, depth: number): unknown[] {
    const values: unknown[] = [];
    for (const item of list(value, 'values')) {
      if (values.length >= this.#limits.listEntries || this.#attributesLeft <= 0) {
        this.#sink.limited();
        break;
      }
      this.#attributesLeft -= 1;
      values.push(this.#value(object(item, 'values'), depth) ?? null);
    }
    return values;
  }

  #text(value: unknown, what: string): string | undefined {
    if (!isPresent(value)) return undefined;
    if (typeof value !== 'string') throw expected(what, 'a string');
    const { valueLength } = this.#limits;
    if (value.length <= valueLength) return value;
    this.#sink.limited();
    return value.slice(0, valueLength);
  }

  #base64(value: unknown): string | undefined {
    const text = this.#text(value, 'bytesValue');
    // Senders may leave the padding out or use the alphabet for URLs; both decoders give the same text.
    return text === undefined ? undefined : Buffer.from(text, 'base64').toString('base64');
  }
}

/** In protobuf's JSON, null is the same as absent. */
const isPresent = (value: unknown) => value !== undefined && value !== null;
const expected = (what: string, type: string) => new MalformedError(`${what}: expected ${type}`);
const EMPTY: Json = {};

function object(value: unknown, what: string): Json {
  if (!isPresent(value)) return EMPTY;
  if (typeof value !== 'object' || Array.isArray(value)) throw expected(what, 'an object');
  return value as Json;
}

function list(value: unknown, what: string): readonly unknown[] {
  if (!isPresent(value)) return [];
  if (!Array.isArray(value)) throw expected(what, 'a list');
  return value;
}

function boolean(value: unknown): boolean {
  if (typeof value !== 'boolean') throw expected('boolValue', 'true or false');
  return value;
}

/** Beyond 2^53 it is the nearest double. */
function integer(value: unknown): number {
  const number = typeof value === 'string' && /^-?\d{1,20}$/.test(value) ? Number(value) : value;
  if (typeof number !== 'number' || !Number.isInteger(number)) throw expected('intValue', 'a whole number');
  return number;
}

const NUMBER = /^-?(?:\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|Infinity)$|^NaN$/;

function double(value: unknown): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'string' && value.length < 400 && NUMBER.test(value)) return Number(value);
  throw expected('doubleValue', 'a number');
}

function statusCode(value: unknown): number {
  if (!isPresent(value)) return 0;
  const code = typeof value === 'string' ? STATUS_CODES[value] : value;
  if (typeof code !== 'number' || !Number.isInteger(code)) throw expected('code', 'a status code');
  return code;
}

/** Lower-case hex; empty when it is none. */
function idOf(value: unknown, what: string): string {
  if (!isPresent(value)) return '';
  if (typeof value !== 'string') throw expected(what, 'a string of hex digits');
  return /^[0-9a-f]{1,32}$/i.test(value) ? value.toLowerCase() : '';
}

/** Nanoseconds as microseconds, rounded to the nearest; exact where they came as a string. NaN: it is no such time. */
function micros(value: unknown): Micros | undefined {
  if (!isPresent(value)) return undefined;
  if (typeof value === 'number' && value >= 0 && Number.isFinite(value)) return Math.round(value / 1_000);
  if (typeof value !== 'string' || !/^\d{1,20}$/.test(value)) return Number.NaN;
  return Number(value.slice(0, -3)) + Math.round(Number(value.slice(-3)) / 1_000);
}
