import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { decodeJson } from '../../../exporter/receiver/decode/decode-json.ts';
import { MalformedError } from '../../../exporter/receiver/decode/limits.ts';
import { read, readJson } from '../../support/decoded.ts';
import { attribute, otlpRequest, otlpSpan } from '../../support/otlp-request.ts';

describe('OTLP/JSON', () => {
  const attributesOf = (...attributes: unknown[]) =>
    readJson(otlpRequest(otlpSpan('CA1', { attributes }))).spans[0]?.attributes;

  test('takes 64-bit integers as strings and as numbers', () => {
    assert.deepEqual(attributesOf(attribute('a', { intValue: '-12' }), attribute('b', { intValue: 12 })), {
      a: -12,
      b: 12,
    });
  });

  test('takes lists, objects and bytes', () => {
    assert.deepEqual(
      attributesOf(
        attribute('list', { arrayValue: { values: [{ stringValue: 'x' }, {}, { boolValue: true }] } }),
        attribute('object', { kvlistValue: { values: [attribute('in', { doubleValue: 1.5 })] } }),
        attribute('bytes', { bytesValue: 'AAE' }),
        attribute('nothing', {}),
        attribute('null', null),
      ),
      { list: ['x', null, true], object: { in: 1.5 }, bytes: 'AAE=' },
    );
  });

  test('takes a status as a number and by its name', () => {
    const codeOf = (code: unknown) =>
      readJson(otlpRequest(otlpSpan('CA1', { status: { code } }))).spans[0]?.statusCode;
    assert.deepEqual([codeOf(2), codeOf('STATUS_CODE_ERROR'), codeOf(undefined), codeOf(null)], [2, 2, 0, 0]);
  });

  test('takes ids in capitals, and gives them in small letters', () => {
    const span = otlpSpan('CA1', { traceId: 'ABCDEF0123456789ABCDEF0123456789', spanId: 'ABCDEF0123456789' });
    assert.equal(readJson(otlpRequest(span)).spans[0]?.traceId, 'abcdef0123456789abcdef0123456789');
  });

  test('takes what is null or unknown for absent', () => {
    const span = otlpSpan('CA1', { events: null, links: 5, parentSpanId: null, droppedEventsCount: 'x' });
    assert.deepEqual(readJson(otlpRequest(span)).spans[0]?.events, []);
  });

  for (const [what, body] of [
    ['a body that is a list', []],
    ['resourceSpans that are not a list', { resourceSpans: {} }],
    ['scopeSpans that are not a list', { resourceSpans: [{ scopeSpans: {} }] }],
    ['spans that are not a list', { resourceSpans: [{ scopeSpans: [{ spans: 'x' }] }] }],
  ] as const)
    test(`refuses ${what}`, () => assert.throws(() => readJson(body), MalformedError));

  for (const [what, body] of [
    ['a span that is a text', otlpRequest('x')],
    ['a name that is a number', otlpRequest(otlpSpan('CA1', { name: 5 }))],
    ['a time that is a text', otlpRequest(otlpSpan('CA1', { startTimeUnixNano: 'noon' }))],
    ['attributes that are an object', otlpRequest(otlpSpan('CA1', { attributes: {} }))],
    [
      'an integer with a fraction',
      otlpRequest(otlpSpan('CA1', { attributes: [attribute('a', { intValue: 1.5 })] })),
    ],
    [
      'a text that is a number',
      otlpRequest(otlpSpan('CA1', { attributes: [attribute('a', { stringValue: 1 })] })),
    ],
    ['an id that is a number', otlpRequest(otlpSpan('CA1', { traceId: 1 }))],
    ['a status of an unknown name', otlpRequest(otlpSpan('CA1', { status: { code: 'BAD' } }))],
  ] as const)
    test(`refuses ${what} alone`, () => {
      const { spans, refused } = readJson(body);
      assert.equal(spans.length, 0);
      assert.deepEqual(refused, [what === 'a time that is a text' ? 'invalid_time' : 'malformed']);
    });

  test('refuses what is not JSON or not UTF-8, without quoting it', () => {
    for (const body of [Buffer.from('{"secret"'), Buffer.from([0x7b, 0xff, 0x7d]), Buffer.alloc(0)])
      assert.throws(
        () => read(decodeJson, body),
        (error) => error instanceof MalformedError && !error.message.includes('secret'),
      );
  });
});
