/** Bytes that a base64 text stands for. */
export function base64Bytes(encoded: string): number {
  const padding = encoded.endsWith('==') ? 2 : encoded.endsWith('=') ? 1 : 0;
  return encodedBytes(encoded.length, padding);
}

/** Bytes that `length` characters of base64 stand for, of which `padding` are `=` at its end. */
export const encodedBytes = (length: number, padding: number): number =>
  Math.max(0, Math.floor((length * 3) / 4) - padding);
