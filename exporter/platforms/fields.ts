import { recordingUrl } from '../../model/recording-url.ts';
import { cleanText } from '../dialects/attributes.ts';
import { USD_DECIMAL_PLACES, Usd } from '../pricing/money.ts';

/** A report that is not what its platform's documentation says. The message names the place, never the content. */
export class ReportError extends Error {
  override name = 'ReportError';
}

/** An object of a report, and where it stands in it. */
export class Fields {
  readonly #values: Readonly<Record<string, unknown>>;
  readonly #path: string;

  /** @throws ReportError for anything but an object. */
  constructor(value: unknown, path = 'the body') {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw expected(path, 'an object');
    this.#values = value as Record<string, unknown>;
    this.#path = path;
  }

  /** The object under a name; an empty one where there is none. @throws ReportError when it is something else. */
  object(name: string): Fields {
    const value = this.#values[name];
    return new Fields(value ?? {}, this.#at(name));
  }

  /** What the application has put there itself, which may be anything: an empty object where it is none. */
  own(name: string): Fields {
    const value = this.#values[name];
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return new Fields(isObject ? value : {}, this.#at(name));
  }

  /** The objects of a list, at most `most`; none where there is no list. @throws ReportError when it is something else. */
  list(name: string, most: number): Fields[] {
    const value = this.#values[name] ?? [];
    if (!Array.isArray(value)) throw expected(this.#at(name), 'a list');
    if (value.length > most) throw expected(this.#at(name), `at most ${most} entries`);
    return value.map((item, index) => new Fields(item, `${this.#at(name)}[${index}]`));
  }

  /** The entries, whatever they are. */
  get entries(): readonly (readonly [string, unknown])[] {
    return Object.entries(this.#values);
  }

  has(name: string): boolean {
    return this.#values[name] !== undefined && this.#values[name] !== null;
  }

  /** A text that is not empty. Undefined: it is none. */
  text(name: string): string | undefined {
    const value = this.#values[name];
    return typeof value === 'string' && value !== '' ? cleanText(value) : undefined;
  }

  /** A text of at most 200 characters: a name, a reason. */
  word(name: string): string | undefined {
    const value = this.text(name);
    return value !== undefined && value.length <= MAX_WORD ? value : undefined;
  }

  /** What was said, at most as much as a turn keeps of each speaker. */
  words(name: string): string | undefined {
    return cleanText((this.text(name) ?? '').slice(0, MAX_WORDS)).trim() || undefined;
  }

  /** @throws ReportError when there is none. */
  id(name: string): string {
    const value = this.text(name);
    if (value === undefined || value.length > MAX_ID) throw expected(this.#at(name), 'an id');
    return value;
  }

  flag(name: string): boolean | undefined {
    const value = this.#values[name];
    return typeof value === 'boolean' ? value : undefined;
  }

  /** A number, 0 or more. */
  number(name: string): number | undefined {
    const value = this.#values[name];
    return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : undefined;
  }

  /** A whole number, 0 or more. */
  count(name: string): number | undefined {
    const value = this.number(name);
    return Number.isSafeInteger(value) ? value : undefined;
  }

  /** An amount of money in dollars, as a decimal. `perDollar`: how many of its units are one, 100 where it is in cents. */
  money(name: string, perDollar = 1): string | undefined {
    const value = this.#values[name];
    const amount = typeof value === 'string' && DECIMAL.test(value) ? value : this.number(name);
    // A cost of a million is a wrong unit.
    if (amount === undefined || Number(amount) >= 1e6) return undefined;
    return new Usd(amount).div(perDollar).toDecimalPlaces(USD_DECIMAL_PLACES).toFixed();
  }

  /** An instant as ISO 8601, or as a number of so many microseconds since 1970; in microseconds. */
  instant(name: string, unitUs = 1_000): number | undefined {
    const value = this.#values[name];
    const us =
      typeof value === 'string'
        ? Date.parse(value) * 1_000
        : typeof value === 'number'
          ? Math.round(value * unitUs)
          : Number.NaN;
    return Number.isSafeInteger(us) && us > 0 ? us : undefined;
  }

  /** An address without credentials. */
  recording(name: string): string | undefined {
    return recordingUrl(this.#values[name]);
  }

  /** @throws ReportError that names the field. */
  refuse(name: string, what: string): never {
    throw expected(this.#at(name), what);
  }

  #at(name: string): string {
    return this.#path === 'the body' ? name : `${this.#path}.${name}`;
  }
}

const MAX_ID = 512;
const MAX_WORD = 200;
const MAX_WORDS = 8_192;
const DECIMAL = /^\d{1,9}(\.\d{1,20})?$/;

const expected = (path: string, what: string): ReportError => new ReportError(`${path}: expected ${what}`);
