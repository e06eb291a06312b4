const EQUALS = 0x3d;

/** How many bytes the base64 text between two positions stands for. Nothing is decoded: it is called for every frame of audio. */
export function base64Bytes(text: string, start = 0, end = text.length): number {
  const last = text.charCodeAt(end - 1) === EQUALS;
  return decodedBytes(end - start, !last ? 0 : text.charCodeAt(end - 2) === EQUALS ? 2 : 1);
}

/** The same of a text of so many characters, of which `padding` are `=`. `AAA=` stands for 2. */
export const decodedBytes = (characters: number, padding: number): number =>
  Math.max(0, Math.floor((characters * 3) / 4) - padding);
