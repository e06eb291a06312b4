import type { Decimal } from 'decimal.js';
import { Usd } from './money.ts';

/**
 * A price file that is refused. The message names file, model and field, the kind of what was seen, and what was expected.
 * It quotes no value: the path may be that of another file, with a secret in it.
 */
export class PriceFileError extends Error {
  override name = 'PriceFileError';
  readonly code = 'EARSHOT_PRICE_FILE';
  readonly file: string;
  /** Absent: the field is the file's, not a model's. */
  readonly model: string | undefined;
  readonly field: string;

  constructor(file: string, model: string | undefined, field: string, problem: string) {
    const parts = [file, model && nameOnly(model), nameOnly(field), problem];
    super(parts.filter((part) => part !== undefined).join(': '));
    this.file = file;
    this.model = model;
    this.field = field;
  }
}

/** A name is shown; what is none is not. */
const nameOnly = (text: string): string => (/^[\w()[\]:/@+. -]{0,80}$/.test(text) ? text : '(no name)');

function kindOf(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'string') return value === '' ? 'an empty text' : 'another text';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

/** Reads the fields of one object of a price file and says where it is when one is wrong. */
export class FieldReader {
  readonly #file: string;
  readonly #model: string | undefined;
  readonly #path: string;
  readonly #fields: Readonly<Record<string, unknown>>;

  constructor(
    file: string,
    model: string | undefined,
    path: string,
    content: unknown,
    known?: readonly string[],
  ) {
    this.#file = file;
    this.#model = model;
    this.#path = path;
    this.#fields = {};
    if (typeof content !== 'object' || content === null || Array.isArray(content)) {
      this.fail('', `saw ${kindOf(content)}, expected an object`);
    }
    this.#fields = content as Record<string, unknown>;
    const unknown = known && this.keys().find((key) => !known.includes(key));
    if (unknown !== undefined) this.fail(unknown, `unknown field, expected one of ${known?.join(', ')}`);
  }

  keys(): string[] {
    return Object.keys(this.#fields);
  }

  has(field: string): boolean {
    return this.value(field) !== undefined;
  }

  value(field: string): unknown {
    return Object.hasOwn(this.#fields, field) ? this.#fields[field] : undefined;
  }

  text(field: string): string {
    const value = this.value(field);
    return typeof value === 'string' && value.trim() !== '' ? value : this.#expected(field, 'a text');
  }

  name(field: string): string {
    return this.text(field).trim().toLowerCase();
  }

  names(field: string): string[] {
    return this.list(field).map((name) =>
      typeof name === 'string' && name.trim() !== ''
        ? name.trim().toLowerCase()
        : this.#expected(field, 'a list of names'),
    );
  }

  list(field: string): readonly unknown[] {
    const value = this.value(field);
    return Array.isArray(value) ? value : this.#expected(field, 'a list');
  }

  oneOf<const T extends string>(field: string, values: readonly T[]): T {
    const value = this.value(field);
    return values.find((each) => each === value) ?? this.#expected(field, `one of ${values.join(', ')}`);
  }

  day(field: string): string {
    const value = this.value(field);
    const expected = 'a day as YYYY-MM-DD';
    if (typeof value !== 'string' || !/^\d{4}-\d{2}-\d{2}$/.test(value))
      return this.#expected(field, expected);
    const atMs = Date.parse(value);
    // Some engines roll 30 February over to March; writing the day back shows it.
    const same = !Number.isNaN(atMs) && new Date(atMs).toISOString().startsWith(value);
    return same ? value : this.#expected(field, expected);
  }

  /** A string, because a JSON number has been through binary floating point before anyone can look at it. */
  amount(field: string): Decimal {
    const value = this.value(field);
    return typeof value === 'string' && /^\d+(\.\d+)?$/.test(value)
      ? new Usd(value)
      : this.#expected(field, 'a decimal in quotes, 0 or more, such as "0.0048"');
  }

  /** A whole number above 0. */
  count(field: string): number {
    const value = this.value(field);
    return Number.isSafeInteger(value) && (value as number) > 0
      ? (value as number)
      : this.#expected(field, 'a whole number above 0');
  }

  fail(field: string, problem: string): never {
    const path = [this.#path, field].filter((part) => part !== '').join('.');
    throw new PriceFileError(this.#file, this.#model, path === '' ? '(whole)' : path, problem);
  }

  #expected(field: string, what: string): never {
    const value = this.value(field);
    this.fail(field, `saw ${kindOf(value)}, expected ${what}`);
  }
}
