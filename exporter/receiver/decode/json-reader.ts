import { Brackets, ESCAPES, isDigit, isHexDigit, isNumberByte } from './json-bytes.ts';
import { MalformedError } from './limits.ts';
import { TextCache } from './text-cache.ts';

/** The body is not JSON at all: nothing after this place can be read. */
export class SyntaxFault extends MalformedError {
  override name = 'SyntaxFault';
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const MINUS = 0x2d;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const T = 0x74;
const F = 0x66;
const N = 0x6e;

const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;
/** No key that is looked for is longer. */
const MAX_KEY = 64;
/** No number that is worth reading is longer. */
const MAX_NUMBER_BYTES = 400;

export type JsonKind = 'object' | 'list' | 'string' | 'number' | 'boolean' | 'null';

const texts = new TextCache();

/**
 * Reads JSON from bytes, a value at a time, in the order in which it stands there. What is not asked for is stepped over
 * and costs no memory, however large or deep it is. The bytes must be UTF-8. Accepts what `JSON.parse` accepts, but
 * for numbers of more than 400 characters.
 */
export class JsonReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** Where the next value begins. */
  get position(): number {
    this.#space();
    return this.#at;
  }

  /** Goes back to a position that was read before. */
  seek(position: number): void {
    this.#at = position;
  }

  /**
   * What kind the next value is. It is still to be read.
   * @throws SyntaxFault
   */
  kind(): JsonKind {
    this.#space();
    const byte = this.#bytes[this.#at];
    switch (byte) {
      case OPEN_OBJECT:
        return 'object';
      case OPEN_LIST:
        return 'list';
      case QUOTE:
        return 'string';
      case T:
      case F:
        return 'boolean';
      case N:
        return 'null';
      default:
        if (byte === MINUS || isDigit(byte)) return 'number';
        throw fault();
    }
  }

  /** Steps over the next value when it is null. */
  isNull(): boolean {
    if (this.kind() !== 'null') return false;
    this.#literal('null');
    return true;
  }

  /**
   * Reads an object: `field` is called for each of its keys and must read or skip the value.
   * @throws SyntaxFault
   */
  object(field: (key: string) => void): void {
    this.#at += 1;
    this.#space();
    if (this.#take(CLOSE_OBJECT)) return;
    do {
      this.#space();
      if (this.#bytes[this.#at] !== QUOTE) throw fault();
      const key = this.string(MAX_KEY).text;
      this.#space();
      if (!this.#take(COLON)) throw fault();
      field(key);
      this.#space();
    } while (this.#take(COMMA));
    if (!this.#take(CLOSE_OBJECT)) throw fault();
  }

  /**
   * Reads a list: `item` is called for each of its values and must read or skip it.
   * @throws SyntaxFault
   */
  list(item: () => void): void {
    this.#at += 1;
    this.#space();
    if (this.#take(CLOSE_LIST)) return;
    do {
      item();
      this.#space();
    } while (this.#take(COMMA));
    if (!this.#take(CLOSE_LIST)) throw fault();
  }

  /**
   * Reads a string, of which no more than `maxLength` characters are kept.
   * @throws SyntaxFault
   */
  string(maxLength: number): { readonly text: string; readonly cut: boolean } {
    const start = this.#at + 1;
    const { end, escaped } = this.#endOfString();
    if (escaped) return cutAt(maxLength, this.#unescape(start, end, maxLength));
    // A character has at most four bytes, so these are enough for as many as are kept.
    const most = end - start > maxLength * 4 ? start + maxLength * 4 : end;
    return cutAt(maxLength, texts.read(this.#bytes, start, most));
  }

  /** @throws SyntaxFault */
  number(): number {
    return Number(this.#number());
  }

  /** @throws SyntaxFault */
  boolean(): boolean {
    const isTrue = this.#bytes[this.#at] === T;
    this.#literal(isTrue ? 'true' : 'false');
    return isTrue;
  }

  /**
   * Steps over the next value, whatever it is. Its brackets are kept in bytes and not on the stack.
   * @throws SyntaxFault
   */
  skip(): void {
    const open = new Brackets();
    do {
      switch (this.kind()) {
        case 'object':
          this.#at += 1;
          this.#space();
          if (this.#take(CLOSE_OBJECT)) break;
          open.push(OPEN_OBJECT);
          this.#skipKey();
          continue;
        case 'list':
          this.#at += 1;
          this.#space();
          if (this.#take(CLOSE_LIST)) break;
          open.push(OPEN_LIST);
          continue;
        case 'string':
          this.#endOfString();
          break;
        case 'number':
          this.#number();
          break;
        case 'boolean':
          this.boolean();
          break;
        case 'null':
          this.#literal('null');
      }
      this.#skipClosed(open);
    } while (open.depth > 0);
  }

  /** @throws SyntaxFault when anything but space is left. */
  end(): void {
    this.#space();
    if (this.#at < this.#bytes.length) throw fault();
  }

  /** After a value: over the comma, or over the brackets that close here. */
  #skipClosed(open: Brackets): void {
    while (open.depth > 0) {
      this.#space();
      const inObject = open.top === OPEN_OBJECT;
      if (this.#take(COMMA)) {
        if (inObject) this.#skipKey();
        return;
      }
      if (!this.#take(inObject ? CLOSE_OBJECT : CLOSE_LIST)) throw fault();
      open.pop();
    }
  }

  #skipKey(): void {
    this.#space();
    if (this.#bytes[this.#at] !== QUOTE) throw fault();
    this.#endOfString();
    this.#space();
    if (!this.#take(COLON)) throw fault();
  }

  /** Over the string that begins here, its escapes checked. */
  #endOfString(): { end: number; escaped: boolean } {
    const bytes = this.#bytes;
    let at = this.#at + 1;
    let escaped = false;
    for (let byte = bytes[at]; byte !== QUOTE; byte = bytes[at]) {
      if (byte === undefined || byte < 0x20) throw fault();
      if (byte === BACKSLASH) {
        escaped = true;
        at += this.#escape(at);
      } else at += 1;
    }
    this.#at = at + 1;
    return { end: at, escaped };
  }

  /** How many bytes the escape takes that begins at `at`. */
  #escape(at: number): number {
    const letter = String.fromCharCode(this.#bytes[at + 1] ?? 0);
    if (letter !== 'u') {
      if (Object.hasOwn(ESCAPES, letter)) return 2;
      throw fault();
    }
    for (let digit = at + 2; digit < at + 6; digit += 1) if (!isHexDigit(this.#bytes[digit])) throw fault();
    return 6;
  }

  #unescape(start: number, end: number, maxLength: number): string {
    // Joined in the end: a text that grows piece by piece stays a tree of its pieces, twenty times as large.
    const pieces: string[] = [];
    let length = 0;
    const add = (piece = '') => {
      pieces.push(piece);
      length += piece.length;
    };
    let at = start;
    while (at < end && length <= maxLength) {
      const next = this.#bytes.indexOf(BACKSLASH, at);
      const plainEnd = next === -1 || next > end ? end : next;
      add(this.#bytes.toString('utf8', at, Math.min(plainEnd, at + (maxLength + 1) * 4)));
      at = plainEnd;
      if (at >= end) break;
      const letter = String.fromCharCode(this.#bytes[at + 1] ?? 0);
      if (letter === 'u')
        add(String.fromCharCode(Number.parseInt(this.#bytes.toString('latin1', at + 2, at + 6), 16)));
      else add(ESCAPES[letter]);
      at += letter === 'u' ? 6 : 2;
    }
    return pieces.join('');
  }

  #number(): string {
    const bytes = this.#bytes;
    const start = this.#at;
    let end = start;
    while (isNumberByte(bytes[end])) end += 1;
    const text = bytes.toString('latin1', start, Math.min(end, start + MAX_NUMBER_BYTES));
    if (end - start > MAX_NUMBER_BYTES || !NUMBER.test(text)) throw fault();
    this.#at = end;
    return text;
  }

  #literal(word: string): void {
    if (this.#bytes.toString('latin1', this.#at, this.#at + word.length) !== word) throw fault();
    this.#at += word.length;
  }

  #take(byte: number): boolean {
    if (this.#bytes[this.#at] !== byte) return false;
    this.#at += 1;
    return true;
  }

  #space(): void {
    const bytes = this.#bytes;
    for (
      let byte = bytes[this.#at];
      byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
      byte = bytes[this.#at]
    )
      this.#at += 1;
  }
}

// What was read is not quoted: it can be what was said.
const fault = () => new SyntaxFault('the body is not JSON');

const cutAt = (maxLength: number, text: string) =>
  text.length > maxLength ? { text: text.slice(0, maxLength), cut: true } : { text, cut: false };
