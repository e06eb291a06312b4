import type { OpenFile } from '../storage/place.ts';

/** Samples a second that positions in Ogg Opus count, whatever the sound was recorded with. */
const OPUS_RATE = 48_000;
/** A page is no longer; the last one begins within so many bytes of the end. */
const LONGEST_PAGE = 65_307;
const HEAD_BYTES = 128;

/** How long a file of Ogg Opus plays, in seconds, by its first page and its last; undefined when it is none. */
export async function oggSeconds(file: OpenFile): Promise<number | undefined> {
  const head = await file.read(0, HEAD_BYTES);
  const opus = head.indexOf('OpusHead', 0, 'latin1');
  if (head.toString('latin1', 0, 4) !== 'OggS' || opus < 0 || opus + 12 > head.length) return undefined;
  const preSkip = head.readUInt16LE(opus + 10);
  const tail = await file.read(Math.max(0, file.bytes - LONGEST_PAGE), LONGEST_PAGE);
  for (let at = tail.lastIndexOf('OggS'); at >= 0; at = at === 0 ? -1 : tail.lastIndexOf('OggS', at - 1)) {
    if (at + 14 > tail.length) continue;
    const position = tail.readBigInt64LE(at + 6);
    // -1: no packet ends on this page.
    if (position >= 0n) return Math.max(0, Number(position) - preSkip) / OPUS_RATE;
  }
  return undefined;
}
