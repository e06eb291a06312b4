import fc from 'fast-check';

const codePoint = fc.oneof(
  { weight: 0xd800, arbitrary: fc.integer({ min: 0, max: 0xd7ff }) },
  { weight: 0x110000 - 0xe000, arbitrary: fc.integer({ min: 0xe000, max: 0x10ffff }) },
);

/**
 * Any code point that a text can have. As the unit `binary` of fast-check, which makes a table of all of them, a second of
 * work in each process, to know whether a text is of them.
 */
const anyCodePoint = codePoint.map(
  (point) => String.fromCodePoint(point),
  (text) => {
    const point = typeof text === 'string' ? text.codePointAt(0) : undefined;
    if (point === undefined || String.fromCodePoint(point) !== text) throw new Error('no code point');
    return point;
  },
);

/** Texts of any code points. */
export const anyText = (constraints: { readonly maxLength?: number } = {}): fc.Arbitrary<string> =>
  fc.string({ ...constraints, unit: anyCodePoint });
