import type { Fact } from '../../model/facts.ts';
import { isPlausible } from '../../model/plausible.ts';
import { scoreProblem } from '../../model/scores.ts';
import { readTags } from '../../model/tags.ts';
import { isName } from '../../model/tenant.ts';
import { CallFileError } from './call-file.ts';
import { ALWAYS, FACT_FIELDS, type Fields, REQUIRED, type Shape } from './fact-fields.ts';

/** Characters of a text, and entries of a list, in a fact. */
const MAX_TEXT = 65_536;
const MAX_LIST = 10_000;

type JsonObject = Readonly<Record<string, unknown>>;

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * A fact of a file. A field that this version does not know is left out.
 * @throws CallFileError for one that is none: a field of another kind, a missing one, a figure that no conversation has.
 */
export function readFact(value: unknown): Fact {
  if (!isObject(value) || typeof value.type !== 'string' || !Object.hasOwn(FACT_FIELDS, value.type))
    throw new CallFileError('a span has no known type');
  const type = value.type as Fact['type'];
  const fact = { type, ...readFields(value, FACT_FIELDS[type], `span of type ${type}`) } as Fact;
  const missing = [...ALWAYS, ...REQUIRED[type]].find((name) => !Object.hasOwn(fact, name));
  if (missing !== undefined) throw new CallFileError(`a span of type ${type} has no ${missing}`);
  if (!isPlausible(fact)) throw new CallFileError(`a span of type ${type} has a figure that cannot be`);
  if (fact.scores?.some((score) => scoreProblem(score) !== undefined))
    throw new CallFileError('a span has a score that is none: docs/scores.md says what one can be');
  if (fact.tenant !== undefined && !isName(fact.tenant))
    throw new CallFileError('a span has a tenant that is no name');
  return fact;
}

function readFields(value: JsonObject, fields: Fields, where: string): JsonObject {
  const read: Record<string, unknown> = {};
  for (const [name, shape] of Object.entries(fields))
    if (Object.hasOwn(value, name)) read[name] = readField(value[name], shape, `${where}, ${name}`);
  return read;
}

function readField(value: unknown, shape: Shape, where: string): unknown {
  const wrong = (expected: string) => new CallFileError(`${where}: expected ${expected}`);
  if (shape === 'text' || shape === 'said') {
    if (typeof value === 'string' && value.length <= MAX_TEXT) return value;
    throw wrong(`text of at most ${MAX_TEXT} characters`);
  }
  if (shape === 'number') {
    if (typeof value === 'number' && Number.isFinite(value)) return value;
    throw wrong('a number');
  }
  if (shape === 'flag') {
    if (typeof value === 'boolean') return value;
    throw wrong('true or false');
  }
  if (shape === 'tags') {
    if (!isObject(value)) throw wrong('names and values');
    const { tags, dropped } = readTags(Object.entries(value));
    if (dropped > 0) throw wrong('tags as docs/attributes.md has them');
    return tags ?? {};
  }
  if ('each' in shape) {
    if (!Array.isArray(value) || value.length > MAX_LIST) throw wrong(`a list of at most ${MAX_LIST}`);
    return value.map((item) => readField(item, shape.each, where));
  }
  if ('of' in shape) {
    if (isObject(value)) return readFields(value, shape.of, where);
    throw wrong('an object');
  }
  if (typeof value === 'string' && shape.includes(value)) return value;
  throw wrong(`one of ${shape.join(', ')}`);
}

/** A fact without what was said. */
export function withoutWords(fact: Fact): Fact {
  const said = Object.entries<Shape>(FACT_FIELDS[fact.type]).flatMap(([name, shape]) =>
    shape === 'said' ? [name] : [],
  );
  return Object.fromEntries(Object.entries(fact).filter(([name]) => !said.includes(name))) as unknown as Fact;
}
