import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import fc from 'fast-check';
import { decodeJson } from '../../../exporter/receiver/decode/decode-json.ts';
import { MalformedError, TooLargeError } from '../../../exporter/receiver/decode/limits.ts';
import { fromFinishedSpan } from '../../../model/span-record.ts';
import { conversation } from '../../support/conversation.ts';
import { jsonOf, protobufOf, read, readJson, readProtobuf, withoutEmpty } from '../../support/decoded.ts';
import { attribute, otlpRequest, otlpSpan } from '../../support/otlp-request.ts';

function finishedSpans(record: (tracer: ReturnType<TracerProvider['getTracer']>) => void) {
  const exporter = new InMemorySpanExporter();
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ 'service.name': 'front-desk', 'process.pid': 42 }),
    spanProcessors: [new SimpleSpanProcessor({ exporter })],
  });
  record(provider.getTracer('earshot', '1.2.3'));
  return exporter.getFinishedSpans();
}

describe('what an exporter sends', () => {
  test('gives the records that the processor reads from the spans themselves, in both encodings', () => {
    const spans = finishedSpans((tracer) => {
      for (const { end } of conversation(tracer, 'CA1', 3)) end();
    });
    const expected = spans.map((span) => withoutEmpty(fromFinishedSpan(span)));
    assert.deepEqual(readProtobuf(protobufOf(spans)).spans.map(withoutEmpty), expected);
    assert.deepEqual(read(decodeJson, jsonOf(spans)).spans.map(withoutEmpty), expected);
  });

  test('keeps every kind of value', () => {
    const values = {
      text: 'Grüße 👋',
      empty: '',
      yes: true,
      no: false,
      int: 42,
      negative: -7,
      safe: Number.MAX_SAFE_INTEGER,
      double: 0.1,
      list: ['a', 'b'],
      numbers: [1, 2.5, -3],
    };
    const spans = finishedSpans((tracer) => tracer.startSpan('x', { attributes: values }).end());
    assert.deepEqual(readProtobuf(protobufOf(spans)).spans[0]?.attributes, values);
    assert.deepEqual(read(decodeJson, jsonOf(spans)).spans[0]?.attributes, values);
  });

  test('keeps times to the microsecond, rounded as the processor rounds them', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 4_000_000_000 }),
        fc.integer({ min: 0, max: 999_999_999 }),
        (s, ns) => {
          const spans = finishedSpans((tracer) => tracer.startSpan('x', { startTime: [s, ns] }).end([s, ns]));
          const [expected] = spans.map(fromFinishedSpan);
          assert.equal(readProtobuf(protobufOf(spans)).spans[0]?.startUs, expected?.startUs);
          assert.equal(read(decodeJson, jsonOf(spans)).spans[0]?.startUs, expected?.startUs);
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('limits', () => {
  const nested = (depth: number): unknown =>
    depth === 0 ? { stringValue: 'deep' } : { arrayValue: { values: [nested(depth - 1)] } };

  test('values deeper than the limit are left out and counted; the span stays', () => {
    const spans = otlpRequest(
      otlpSpan('CA1', { attributes: [attribute('a', nested(9)), attribute('b', nested(8))] }),
    );
    const { spans: read, limited } = readJson(spans);
    assert.deepEqual(read[0]?.attributes, { a: [[[[[[[[null]]]]]]]], b: [[[[[[[['deep']]]]]]]] });
    assert.equal(limited, 1);
  });

  test('a hundred thousand levels neither end the process nor the span, in both encodings', () => {
    let value = Buffer.from([0x0a, 0x01, 0x78]);
    const sized = (tag: number, inner: Buffer) =>
      Buffer.concat([Buffer.from([tag]), varint(inner.length), inner]);
    for (let depth = 0; depth < 3_000; depth += 1) value = sized(0x2a, sized(0x0a, value));
    const keyValue = Buffer.concat([Buffer.from([0x0a, 0x01, 0x61]), sized(0x12, value)]);
    const span = Buffer.concat([
      sized(0x0a, Buffer.alloc(16, 1)),
      sized(0x12, Buffer.alloc(8, 1)),
      Buffer.from([0x39, 0, 0, 0, 0, 0, 0, 0, 0x18, 0x41, 0, 0, 0, 0, 0, 0, 0, 0x18]),
      sized(0x4a, keyValue),
    ]);
    const { spans, limited } = readProtobuf(sized(0x0a, sized(0x12, sized(0x12, span))));
    assert.equal(spans.length, 1);
    assert.equal(limited, 1);

    const depth = 100_000;
    const json = `{"resourceSpans":[{"scopeSpans":[{"spans":[{"attributes":[{"key":"a","value":${'{"arrayValue":{"values":['.repeat(depth)}${']}}'.repeat(depth)}}]}]}]}]}`;
    assert.deepEqual(read(decodeJson, Buffer.from(json)).refused, ['invalid_id']);
  });

  test('attributes, events, texts and lists beyond the limits are left out or cut off, and counted', () => {
    const attributes = Array.from({ length: 10 }, (_, index) => attribute(`a${index}`, { intValue: index }));
    const events = Array.from({ length: 5 }, () => ({
      name: 'voice.x',
      timeUnixNano: '1790000000000000000',
    }));
    const body = otlpRequest(otlpSpan('CA1', { attributes, events, name: 'x'.repeat(50) }));
    const { spans, limited } = readJson(body, { attributesPerSpan: 4, eventsPerSpan: 2, valueLength: 20 });
    assert.equal(Object.keys(spans[0]?.attributes ?? {}).length, 4);
    assert.equal(spans[0]?.events.length, 2);
    assert.equal(spans[0]?.name, 'x'.repeat(20));
    assert.equal(limited, 6 + 3 + 1);

    const finished = finishedSpans((tracer) => {
      const span = tracer.startSpan('x'.repeat(50), {
        attributes: Object.fromEntries(attributes.map((_, i) => [`a${i}`, i])),
      });
      for (const { name } of events) span.addEvent(name);
      span.end();
    });
    const binary = readProtobuf(protobufOf(finished), {
      attributesPerSpan: 4,
      eventsPerSpan: 2,
      valueLength: 20,
    });
    assert.equal(Object.keys(binary.spans[0]?.attributes ?? {}).length, 4);
    assert.equal(binary.spans[0]?.events.length, 2);
    assert.equal(binary.spans[0]?.name, 'x'.repeat(20));
    assert.equal(binary.limited, 6 + 3 + 1);
  });

  test('more spans than the limit refuse the request', () => {
    const spans = finishedSpans((tracer) => {
      for (let index = 0; index < 4; index += 1) tracer.startSpan('x').end();
    });
    assert.equal(readProtobuf(protobufOf(spans), { spans: 4 }).spans.length, 4);
    assert.throws(() => readProtobuf(protobufOf(spans), { spans: 3 }), TooLargeError);
    assert.throws(() => read(decodeJson, jsonOf(spans), { spans: 3 }), TooLargeError);
  });
});

describe('one bad span', () => {
  test('is refused alone, with a reason', () => {
    const { spans, refused } = readJson(
      otlpRequest(
        otlpSpan('CA1'),
        otlpSpan('CA1', { traceId: '00' }),
        otlpSpan('CA1', { spanId: '0'.repeat(16) }),
        otlpSpan('CA1', { traceId: 'base64+/base64+/base64+/base64+/' }),
        otlpSpan('CA1', { startTimeUnixNano: '0' }),
        otlpSpan('CA1', { startTimeUnixNano: '18446744073709551615' }),
      ),
    );
    assert.equal(spans.length, 1);
    assert.deepEqual(refused, ['invalid_id', 'invalid_id', 'invalid_id', 'invalid_time', 'invalid_time']);
  });

  test('costs none of the others', () => {
    const bad = otlpSpan('CA1', { attributes: [attribute('a', { intValue: 1.5 })] });
    const { spans, refused } = readJson(
      otlpRequest(otlpSpan('CA1'), otlpSpan('CA1', { startTimeUnixNano: -1 }), bad, otlpSpan('CA1')),
    );
    assert.equal(spans.length, 2);
    assert.deepEqual(refused, ['invalid_time', 'malformed']);
  });

  test('a bad attribute of the resource is left out: every span shares it', () => {
    const attributes = [attribute('bad', { intValue: 'x' }), attribute('good', { intValue: 1 })];
    const { spans, limited } = readJson({
      resourceSpans: [{ resource: { attributes }, scopeSpans: [{ spans: [otlpSpan('CA1')] }] }],
    });
    assert.deepEqual(spans[0]?.resource, { good: 1 });
    assert.equal(limited, 1);
  });

  test('an attribute named __proto__ changes no object', () => {
    const value = { kvlistValue: { values: [attribute('polluted', { boolValue: true })] } };
    const { spans } = readJson(otlpRequest(otlpSpan('CA1', { attributes: [attribute('__proto__', value)] })));
    const { attributes } = spans[0] ?? {};
    assert.equal(attributes?.polluted, undefined);
    assert.equal(Object.getPrototypeOf(attributes), Object.prototype);
  });
});

describe('protobuf', () => {
  const spans = finishedSpans((tracer) => {
    for (const { end } of conversation(tracer, 'CA1', 1)) end();
  });

  test('cut off anywhere, is malformed or a shorter message, and nothing else', () => {
    const whole = protobufOf(spans);
    let malformed = 0;
    for (let length = 1; length < whole.length; length += 1) {
      try {
        readProtobuf(whole.subarray(0, length));
      } catch (error) {
        assert.ok(error instanceof MalformedError, String(error));
        malformed += 1;
      }
    }
    assert.ok(malformed > whole.length * 0.9);
  });

  test('fields may come in any order, and unknown ones are skipped', () => {
    const whole = protobufOf(spans);
    // The message has one field, ResourceSpans, whose parts are moved: scopes first, then the resource.
    const inner = whole.subarray(1 + varint(whole.length - 4).length);
    const parts: Buffer[] = [];
    for (let at = 0; at < inner.length; ) {
      let length = 0;
      let shift = 0;
      let head = at + 1;
      for (; ; head += 1, shift += 7) {
        const byte = inner[head] ?? 0;
        length |= (byte & 127) << shift;
        if (byte < 128) break;
      }
      parts.push(inner.subarray(at, head + 1 + length));
      at = head + 1 + length;
    }
    const unknown = Buffer.from([0xa0, 0x06, 0x05]);
    const turned = Buffer.concat([unknown, ...parts.reverse()]);
    const body = Buffer.concat([unknown, Buffer.from([0x0a]), varint(turned.length), turned, unknown]);
    assert.deepEqual(readProtobuf(body), readProtobuf(whole));
  });

  test('groups, which OTLP does not have, are malformed however deep they are', () => {
    assert.throws(() => readProtobuf(Buffer.alloc(1_000_000, 0x0b)), MalformedError);
  });

  test('an empty body is an empty request', () => {
    assert.deepEqual(readProtobuf(Buffer.alloc(0)).spans, []);
  });
});

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest >>>= 7) bytes.push((rest & 127) | 128);
  bytes.push(rest);
  return Buffer.from(bytes);
}
