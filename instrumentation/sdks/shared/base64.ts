const EQUALS = 0x3d;

/** How many bytes the base64 text between two positions stands for. Nothing is decoded: it is called for every frame of audio. */
export function base64Bytes(text: string, start = 0, end = text.length): number {
  const length = end - start;
  if (length <= 0) return 0;
  const last = text.charCodeAt(end - 1) === EQUALS;
  const padding = !last ? 0 : text.charCodeAt(end - 2) === EQUALS ? 2 : 1;
  return Math.max(0, Math.floor((length * 3) / 4) - padding);
}
