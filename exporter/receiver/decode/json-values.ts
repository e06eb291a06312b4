import type { Micros } from '../../../model/facts.ts';
import { MalformedError } from './limits.ts';

/** A value without parts, as JSON has it: undefined where it is absent, null where it is a list or an object. */
export type Scalar = string | number | boolean | null | undefined;

const STATUS_CODES: Readonly<Record<string, number>> = {
  STATUS_CODE_UNSET: 0,
  STATUS_CODE_OK: 1,
  STATUS_CODE_ERROR: 2,
};
const NUMBER = /^-?(?:\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|Infinity)$|^NaN$/;

const expected = (what: string, type: string) => new MalformedError(`${what}: expected ${type}`);

/** @throws MalformedError */
export function booleanOf(value: Scalar): boolean | undefined {
  if (value === undefined || typeof value === 'boolean') return value;
  throw expected('boolValue', 'true or false');
}

/**
 * Beyond 2^53 it is the nearest double.
 * @throws MalformedError
 */
export function integerOf(value: Scalar): number | undefined {
  const number = typeof value === 'string' && /^-?\d{1,20}$/.test(value) ? Number(value) : value;
  if (number === undefined || (typeof number === 'number' && Number.isInteger(number))) return number;
  throw expected('intValue', 'a whole number');
}

/** @throws MalformedError */
export function doubleOf(value: Scalar): number | undefined {
  if (value === undefined || typeof value === 'number') return value;
  if (typeof value === 'string' && value.length < 400 && NUMBER.test(value)) return Number(value);
  throw expected('doubleValue', 'a number');
}

/** Senders may leave the padding out or use the alphabet for URLs; both decoders give the same text. */
export const base64Of = (text: string | undefined): string | undefined =>
  text === undefined ? undefined : Buffer.from(text, 'base64').toString('base64');

/** @throws MalformedError */
export function statusCodeOf(value: Scalar): number {
  const code = typeof value === 'string' ? STATUS_CODES[value] : (value ?? 0);
  if (value !== null && typeof code === 'number' && Number.isInteger(code)) return code;
  throw expected('code', 'a status code');
}

/** Lower-case hex; empty when it is none. */
export const hexOf = (text: string): string => (/^[0-9a-f]{1,32}$/i.test(text) ? text.toLowerCase() : '');

/** Nanoseconds as microseconds, rounded to the nearest; exact where they came as a string. NaN: it is not such a time. */
export function microsOf(value: Scalar): Micros | undefined {
  if (value === undefined) return undefined;
  if (typeof value === 'number' && value >= 0 && Number.isFinite(value)) return Math.round(value / 1_000);
  if (typeof value !== 'string' || !/^\d{1,20}$/.test(value)) return Number.NaN;
  return Number(value.slice(0, -3)) + Math.round(Number(value.slice(-3)) / 1_000);
}
