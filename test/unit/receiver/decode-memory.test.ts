import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeJson } from '../../../exporter/receiver/decode/decode-json.ts';
import { DEFAULT_LIMITS } from '../../../exporter/receiver/decode/limits.ts';
import { attribute, otlpRequest, otlpSpan } from '../../support/otlp-request.ts';

/** How many values the bodies hold: as a tree of JavaScript objects each would take some 60 bytes. */
const VALUES = 300_000;

const many = (value: string): string => new Array(VALUES).fill(value).join(',');
const span = JSON.stringify(otlpSpan('CA1'));
const inSpan = (field: string): string =>
  JSON.stringify(otlpRequest('SPAN')).replace('"SPAN"', span.replace('{', `{${field},`));

const BODIES: Record<string, string> = {
  'an unknown field of empty objects': `{"a":[${many('{}')}]}`,
  'an unknown field of a span': inSpan(`"links":[${many('[]')}]`),
  'attributes beyond the limit': inSpan(`"attributes":[${many('{"key":"a","value":{"intValue":1}}')}]`),
  'a list beyond the limit': inSpan(
    `"attributes":[{"key":"a","value":{"arrayValue":{"values":[${many('{"intValue":1}')}]}}}]`,
  ),
  'events beyond the limit': inSpan(`"events":[${many('{}')}]`),
  'objects in the place of spans': `{"resourceSpans":[${many('{"scopeSpans":[{"x":{}}]}')}]}`,
};

/** Spans and attributes that were kept, with all that hangs on them. */
function keptValues(body: string): number {
  let kept = 0;
  const count = (value: unknown): void => {
    kept += 1;
    if (typeof value === 'object' && value !== null) Object.values(value).forEach(count);
  };
  decodeJson(Buffer.from(body), DEFAULT_LIMITS, { span: count, refused: () => {}, limited: () => {} });
  return kept;
}

for (const [what, body] of Object.entries(BODIES))
  test(`${what} leaves a few thousand values at most, of three hundred thousand`, () => {
    const kept = keptValues(body);
    assert.ok(kept < 5_000, String(kept));
  });

test('what is within the limits is all kept', () => {
  const attributes = Array.from({ length: 500 }, (_, index) => attribute(`a${index}`, { intValue: index }));
  assert.ok(keptValues(JSON.stringify(otlpRequest(otlpSpan('CA1', { attributes })))) > 500);
});
