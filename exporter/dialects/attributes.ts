import type { SpanRecord } from '../../model/span-record.ts';

/**
 * Typed readers for attribute values, which are `unknown`: anybody can set anything. A value of the wrong type or out
 * of range is absent (`undefined`), never a throw. They take any attribute bag: of a span, an event or a resource.
 */
export type Attributes = Readonly<Record<string, unknown>>;

/** Longest id that is taken as one. Longer ones would not fit the database's index. */
const MAX_ID_LENGTH = 512;
const MAX_INT4 = 2_147_483_647;

/**
 * PostgreSQL stores neither NUL nor half of a surrogate pair; one such character must not cost a whole batch. (Not by
 * `replace`: what it gives is a tree of its pieces, sixteen times as large as the text where there are many.)
 */
export const cleanText = (text: string): string =>
  MAYBE_UNSTORABLE.test(text)
    ? text
        .split('\0')
        .join('')
        .split(/\p{Surrogate}/u)
        .join('\ufffd')
    : text;

/** Nearly every text has none: one cheap look spares two copies. */
const MAYBE_UNSTORABLE = /[\0\ud800-\udfff]/;

/** A string with something in it. */
export function text(from: Attributes, name: string): string | undefined {
  const value = from[name];
  if (typeof value !== 'string') return undefined;
  const clean = cleanText(value);
  return clean === '' ? undefined : clean;
}

/** What was said, at most as much as a turn keeps of each speaker: the first of these attributes that has it. */
export function words(from: Attributes, names: readonly string[]): string | undefined {
  for (const name of names) {
    const said = text(from, name)?.slice(0, MAX_WORDS).trim();
    // Half a character at the cut cannot be stored.
    if (said) return cleanText(said);
  }
  return undefined;
}

/** Characters. */
const MAX_WORDS = 8_192;

/** An id: a string of at most 512 characters, or a whole number, which is a key of a table. */
export function id(from: Attributes, name: string): string | undefined {
  const value = Number.isSafeInteger(from[name]) ? `${from[name]}` : text(from, name);
  return value !== undefined && value.length <= MAX_ID_LENGTH ? value : undefined;
}

/** The ids of a list, at most 32; absent when there is none. */
export function ids(from: Attributes, name: string): string[] | undefined {
  const found = texts(from, name)?.filter(({ length }) => length <= MAX_ID_LENGTH);
  return found?.length ? found.slice(0, MAX_IDS) : undefined;
}

const MAX_IDS = 32;

/** A finite number from `min` to `max`, both included. */
export function number(
  from: Attributes,
  name: string,
  { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY } = {},
): number | undefined {
  const value = from[name];
  return typeof value === 'number' && Number.isFinite(value) && value >= min && value <= max
    ? value + 0 // -0 is 0, also after a round trip through JSON
    : undefined;
}

/** A quantity: 0 or more, finite. */
export const quantity = (from: Attributes, name: string): number | undefined =>
  number(from, name, { min: 0 });

/** A whole number, 0 or more: tokens, characters. */
export function count(from: Attributes, name: string): number | undefined {
  const value = number(from, name, { min: 0 });
  return Number.isSafeInteger(value) ? value : undefined;
}

/** A whole number, 0 or more, that fits an `integer` column. */
export function index(from: Attributes, name: string): number | undefined {
  const value = number(from, name, { min: 0, max: MAX_INT4 });
  return Number.isInteger(value) ? value : undefined;
}

export function flag(from: Attributes, name: string): boolean | undefined {
  const value = from[name];
  return typeof value === 'boolean' ? value : undefined;
}

/** The strings of a list; absent when there is none. */
export function texts(from: Attributes, name: string): string[] | undefined {
  const value = from[name];
  if (!Array.isArray(value)) return undefined;
  const strings = value.filter((item) => typeof item === 'string' && item !== '').map(cleanText);
  return strings.length > 0 ? strings : undefined;
}

const MAX_AMOUNTS = 64;
const LARGEST_AMOUNT = 1e9;

/** The amounts of a list that has nothing else; absent when there is none. */
export function amounts(from: Attributes, name: string): number[] | undefined {
  const value = from[name];
  const isAmount = (item: unknown): item is number =>
    typeof item === 'number' && item >= 0 && item <= LARGEST_AMOUNT;
  return Array.isArray(value) && value.length <= MAX_AMOUNTS && value.every(isAmount) ? value : undefined;
}

/** One of a closed set of strings. */
export function oneOf<const T extends string>(
  from: Attributes,
  name: string,
  values: readonly T[],
): T | undefined {
  const value = from[name];
  return values.find((allowed) => allowed === value);
}

/** The object without its undefined keys: unknown is absent. */
export type Present<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};

/**
 * Sets those keys of `values` that have one, so that a fact round-trips through JSON unchanged. It changes `target` and
 * gives it back: every span of every call comes through here, and spreading objects with optional keys costs five times
 * as much.
 */
export function addPresent<T extends object, V extends object>(target: T, values: V): T & Present<V> {
  for (const key in values) {
    const value = values[key];
    if (value !== undefined) (target as Record<string, unknown>)[key] = value;
  }
  return target as T & Present<V>;
}

/** The object without the keys whose value is undefined. */
export const present = <V extends object>(values: V): Present<V> => addPresent({}, values);

/** The times of the span's events of one name, in order of time. */
export function eventTimes(span: SpanRecord, name: string): number[] {
  const times: number[] = [];
  for (const event of span.events) {
    if (event.name === name && Number.isFinite(event.timeUs)) times.push(event.timeUs);
  }
  return times.sort((a, b) => a - b);
}
