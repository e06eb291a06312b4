/** Bytes a millisecond of telephony at 8 kHz with a byte a sample: mu-law, A-law. */
export const TELEPHONE = 8;

/** Bytes a millisecond, by how carriers call an encoding, at 8 kHz; G.722 has as many at its 16 kHz. */
const BYTE_ENCODINGS: ReadonlySet<string> = new Set([
  ...['mulaw', 'ulaw', 'pcmu', 'g711u'],
  ...['alaw', 'pcma', 'g711a'],
]);
const LINEAR: ReadonlySet<string> = new Set(['l16', 'pcm', 'linear16', 'raw', 'lpcm', 'slin', 'slin16']);

/** `audio/x-mulaw;rate=8000`, `PCMU` and `mulaw` are one. */
const named = (encoding: string): string =>
  encoding
    .toLowerCase()
    .replace(/^audio\//, '')
    .replace(/^x-/, '')
    .replace(/[;@].*$/s, '')
    .trim();

/**
 * Bytes a millisecond of one channel of audio: `PCMU` has 8, `audio/x-l16;rate=16000` has 32. Undefined for what is
 * compressed or not known, as its bytes tell no time.
 *
 * @param encoding - as the carrier names it, with or without its rate
 * @param rate - samples a second. (Default: as `encoding` says, else 8000.)
 */
export function bytesPerMs(encoding: unknown, rate?: unknown): number | undefined {
  if (typeof encoding !== 'string') return undefined;
  const name = named(encoding);
  if (name === 'g722') return TELEPHONE;
  const hertz = Number(rate ?? /rate=(\d{4,6})/.exec(encoding)?.[1] ?? 8_000);
  if (!Number.isInteger(hertz) || hertz < 8_000 || hertz > 96_000) return undefined;
  if (BYTE_ENCODINGS.has(name)) return hertz / 1_000;
  return LINEAR.has(name) ? hertz / 500 : undefined;
}

/** Mu-law at 8 kHz, of which recordings are made. */
export const isTelephoneMulaw = (encoding: unknown, rate?: unknown): boolean =>
  typeof encoding === 'string' &&
  ['mulaw', 'ulaw', 'pcmu', 'g711u'].includes(named(encoding)) &&
  bytesPerMs(encoding, rate) === TELEPHONE;
