import { LEVELS_PER_SECOND } from './levels.ts';

/** The floor is one value a second. */
const BLOCK = LEVELS_PER_SECOND;
/** The quietest tenth of a second is its floor: between words everyone is silent now and then. */
const QUIET_SHARE = 0.1;
/** Someone may speak for so long without a pause: the floor is the least of so many seconds before and behind. */
const AROUND = 4;
/** Digital silence in more of a second than this is its floor; in less of it, it is a gap in a noisy line. */
const SILENT_SHARE = 0.1;

/** The noise of a side, in levels, for each second. What rises for longer than some seconds is noise; what is shorter is sound. */
export function noiseFloor(levels: Uint8Array): Uint8Array {
  const blocks = new Uint8Array(Math.ceil(levels.length / BLOCK));
  for (let block = 0; block < blocks.length; block++)
    blocks[block] = quietest(levels.subarray(block * BLOCK, (block + 1) * BLOCK));
  return blocks.map((_, block) => {
    let least = 255;
    for (let near = Math.max(0, block - AROUND); near <= Math.min(blocks.length - 1, block + AROUND); near++)
      least = Math.min(least, blocks[near] ?? least);
    return least;
  });
}

/** The floor at one level's place. */
export const floorAt = (floor: Uint8Array, index: number): number => floor[Math.floor(index / BLOCK)] ?? 0;

function quietest(levels: Uint8Array): number {
  const counts = new Uint32Array(256);
  for (const level of levels) counts[level] = (counts[level] ?? 0) + 1;
  const silent = counts[0] ?? 0;
  if (silent > levels.length * SILENT_SHARE) return 0;
  let left = (levels.length - silent) * QUIET_SHARE;
  for (let level = 1; level < counts.length; level++) {
    left -= counts[level] ?? 0;
    if (left < 0) return level;
  }
  return 0;
}
