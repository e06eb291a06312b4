import { RECORDING_URL, recordingUrl } from '../../model/recording-url.ts';
import { MAX_TAGS, readTags, TAG_NAME, TAG_VALUE } from '../../model/tags.ts';
import { InvalidRecordError } from '../kit/errors.ts';

/** Checks of the values of a record. Each gives what it expected, when the value is not that. */
export type Check = (value: unknown) => string | undefined;

const MAX_ID_LENGTH = 512;
const MAX_INT4 = 2_147_483_647;

const when = (ok: boolean, expected: string): string | undefined => (ok ? undefined : expected);
const numeric = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value);

export const id: Check = (value) =>
  when(
    typeof value === 'string' && value !== '' && value.length <= MAX_ID_LENGTH,
    `a string of 1 to ${MAX_ID_LENGTH} characters`,
  );
export const text: Check = (value) => when(typeof value === 'string', 'a text');
export const flag: Check = (value) => when(typeof value === 'boolean', 'true or false');
export const seconds: Check = (value) => when(numeric(value) && value >= 0, 'seconds, 0 or more');
export const count: Check = (value) =>
  when(Number.isSafeInteger(value) && (value as number) >= 0, 'a whole number, 0 or more');
export const index: Check = (value) =>
  when(
    Number.isInteger(value) && (value as number) >= 0 && (value as number) <= MAX_INT4,
    `a whole number from 0 to ${MAX_INT4}`,
  );
export const date: Check = (value) =>
  when(value instanceof Date && !Number.isNaN(value.getTime()), 'a valid Date');
export const between =
  (min: number, max: number): Check =>
  (value) =>
    when(numeric(value) && value >= min && value <= max, `a number from ${min} to ${max}`);
export const oneOf =
  (values: readonly string[]): Check =>
  (value) =>
    when(values.includes(value as string), `one of ${values.join(', ')}`);

export const recording: Check = (value) => when(recordingUrl(value) !== undefined, RECORDING_URL);
export const tags: Check = (value) =>
  when(
    typeof value === 'object' && value !== null && readTags(Object.entries(value)).dropped === 0,
    `at most ${MAX_TAGS} tags, each with a name of ${TAG_NAME}, and as value ${TAG_VALUE}`,
  );

/** What a record is made of: a check for each of its keys. */
export type Fields<Record> = { readonly [Key in keyof Required<Record>]: Check };

/**
 * Checks a record. A key with the value undefined is absent. Values are not in the message: they can be content.
 * @throws InvalidRecordError that names the record, the field, what was seen and what was expected.
 */
export function validate<Record extends object>(
  what: string,
  record: Record,
  fields: Fields<Record>,
  required: readonly (keyof Record & string)[],
): void {
  if (typeof record !== 'object' || record === null) {
    throw new InvalidRecordError(`${what}: saw ${typeOf(record)}, expected an object.`);
  }
  for (const key of required) {
    if (record[key] === undefined) throw new InvalidRecordError(`${what}.${key} is missing.`);
  }
  for (const [key, value] of Object.entries(record)) {
    const check: Check | undefined = Object.hasOwn(fields, key) ? fields[key as keyof Record] : undefined;
    if (check === undefined) {
      throw new InvalidRecordError(`${what}.${key} is unknown. Known: ${Object.keys(fields).join(', ')}.`);
    }
    const expected = value === undefined ? undefined : check(value);
    if (expected !== undefined) {
      throw new InvalidRecordError(`${what}.${key}: saw ${typeOf(value)}, expected ${expected}.`);
    }
  }
}

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  if (typeof value === 'number') return `the number ${value}`;
  return value instanceof Date ? 'an invalid Date' : `a value of type ${typeof value}`;
}
