/** What a letter behind a backslash stands for; `u` takes four digits. */
export const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
};

/** Whether the byte is one of `0` to `9`. */
export const isDigit = (byte: number | undefined) => byte !== undefined && byte >= 0x30 && byte <= 0x39;
/** Or of `a` to `f`, `A` to `F`. */
export const isHexDigit = (byte: number | undefined) =>
  isDigit(byte) || (byte !== undefined && (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x66);
/** A digit, `-`, `+`, `.`, `e` or `E`. */
export const isNumberByte = (byte: number | undefined) =>
  isDigit(byte) || byte === 0x2d || byte === 0x2b || byte === 0x2e || byte === 0x65 || byte === 0x45;

/** A stack of open brackets, one byte each. */
export class Brackets {
  #stack = Buffer.alloc(64);
  depth = 0;

  get top(): number | undefined {
    return this.#stack[this.depth - 1];
  }

  push(bracket: number): void {
    if (this.depth === this.#stack.length) this.#stack = Buffer.concat([this.#stack], this.depth * 2);
    this.#stack[this.depth] = bracket;
    this.depth += 1;
  }

  pop(): void {
    this.depth -= 1;
  }
}
