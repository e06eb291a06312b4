import fc from 'fast-check';

/** Throws when a property of it is read. (Symbols are asked for by fast-check itself.) */
const hostile = (): object =>
  new Proxy(
    {},
    {
      get(_, name) {
        if (typeof name === 'string') throw new Error('of the application');
        return undefined;
      },
    },
  );

/** Any argument that JavaScript code could pass. */
export const nonsense = fc.oneof(
  fc.constantFrom(undefined, null, 0, -1, Number.NaN, Number.POSITIVE_INFINITY, '', 'x', true, [], {}),
  fc.constant(hostile()),
  fc.record({
    at: fc.oneof(fc.date(), fc.double(), fc.constant(null), fc.constant(hostile())),
    kind: fc.constantFrom('barge_in', 'llm', 7),
    source: fc.string(),
    usage: fc.oneof(fc.anything(), fc.constant(hostile())),
  }),
  fc.anything(),
);
