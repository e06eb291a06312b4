/**
 * What must not reach a terminal or a log line from a span: C0 and C1 controls, with which text clears the screen, forges
 * lines and colors; and marks of writing direction, with which it reads other than it is stored.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/** Text on one line, with nothing in it that a terminal obeys: each such character becomes its code, `\x1b`. */
export const safeText = (text: string): string =>
  text.replace(UNSAFE, (character) => {
    const code = character.charCodeAt(0);
    return code < 256 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16)}`;
  });

/** The same of every text in a value, such as a row or a fact; what is not a plain object or a list stays as it is. */
export function withSafeTexts<T>(value: T): T {
  if (typeof value === 'string') return safeText(value) as T;
  if (Array.isArray(value)) return value.map(withSafeTexts) as T;
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype)
    return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, withSafeTexts(item)])) as T;
}
