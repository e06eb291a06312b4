import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { JsonReader, SyntaxFault } from '../../../exporter/receiver/decode/json-reader.ts';
import { anyText } from '../../support/texts.ts';

/** The whole document as `JSON.parse` gives it. */
function parse(text: string): unknown {
  const reader = new JsonReader(Buffer.from(text));
  const value = read(reader);
  reader.end();
  return value;
}

function read(reader: JsonReader): unknown {
  switch (reader.kind()) {
    case 'object': {
      const object: Record<string, unknown> = {};
      reader.object((key) => {
        Object.defineProperty(object, key, { value: read(reader), enumerable: true, configurable: true });
      });
      return object;
    }
    case 'list': {
      const list: unknown[] = [];
      reader.list(() => void list.push(read(reader)));
      return list;
    }
    case 'string':
      return reader.string(1_000).text;
    case 'number':
      return reader.number();
    case 'boolean':
      return reader.boolean();
    case 'null':
      reader.isNull();
      return null;
  }
}

function skip(text: string): void {
  const reader = new JsonReader(Buffer.from(text));
  reader.skip();
  reader.end();
}

const accepts = (work: () => unknown): boolean => {
  try {
    work();
    return true;
  } catch (error) {
    assert.ok(error instanceof SyntaxError || error instanceof SyntaxFault, String(error));
    return false;
  }
};

const value = fc.letrec<{ any: unknown }>((tie) => ({
  any: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom(null, true, false, 0, -0.5, 1e21, ''),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    anyText({ maxLength: 20 }),
    fc.array(tie('any'), { maxLength: 5 }),
    fc.dictionary(anyText({ maxLength: 10 }), tie('any'), { maxKeys: 5 }),
  ),
})).any;

test('reads every document as JSON.parse does, however it is indented', () => {
  fc.assert(
    fc.property(value, fc.constantFrom(undefined, 1, '\t', '\r\n'), (document, space) => {
      const text = JSON.stringify(document, undefined, space);
      assert.deepEqual(parse(text), JSON.parse(text));
      skip(text);
    }),
    { numRuns: 500 },
  );
});

test('accepts and refuses what JSON.parse accepts and refuses, read or stepped over', () => {
  const alphabet = fc.constantFrom(...'{}[]:,"\\/ubnrtf0123456789.-+eE \n\ttruefalsn'.split(''));
  const broken = fc
    .tuple(value, fc.nat(), alphabet, fc.constantFrom(0, 1))
    .map(([document, at, letter, cut]) => {
      const text = JSON.stringify(document);
      const place = at % (text.length + 1);
      return text.slice(0, place) + letter + text.slice(place + cut);
    });
  fc.assert(
    fc.property(fc.oneof(broken, fc.string({ unit: alphabet, maxLength: 12 })), (text) => {
      const expected = accepts(() => JSON.parse(text));
      assert.equal(
        accepts(() => parse(text)),
        expected,
        `read ${text}`,
      );
      assert.equal(
        accepts(() => skip(text)),
        expected,
        `skipped ${text}`,
      );
    }),
    { numRuns: 3_000 },
  );
});

test('reads escapes, and halves of surrogate pairs, as JSON.parse does', () => {
  for (const text of ['"\\u00e9\\ud83d\\ude00\\ud800x\\n\\/"', '"a\\\\"', '"\\u0000"', '"ü\\tü"'])
    assert.equal(parse(text), JSON.parse(text));
});

test('keeps no more of a text than was asked for, with and without escapes', () => {
  for (const letter of ['x', 'ü', '😀', '\\n', '\\u00e9']) {
    const reader = new JsonReader(Buffer.from(`"${letter.repeat(100_000)}"`));
    const { text, cut } = reader.string(10);
    assert.equal(text.length, 10);
    assert.equal(cut, true);
    reader.end();
  }
});

test('steps over a million levels without a stack', () => {
  const depth = 1_000_000;
  skip(`${'[{"a":'.repeat(depth)}1${'}]'.repeat(depth)}`);
  assert.throws(() => skip('['.repeat(depth)), SyntaxFault);
});
