import { decibels, LEVELS_PER_SECOND, levelOf } from './levels.ts';
import { floorAt, noiseFloor } from './noise-floor.ts';

/** A stretch of voice, in seconds from the first sample. */
export interface Stretch {
  readonly start: number;
  readonly end: number;
}

/** What is heard of one side of a recording. */
export interface Activity {
  /** In order, apart. */
  readonly stretches: readonly Stretch[];
  /** By how many decibels voice is louder than what is between. Absent: there is no voice. */
  readonly clearance?: number;
}

/**
 * Attack and release: voice begins where a side is so much louder than its noise, and reaches to both sides as far as it is still a
 * little louder. Decibels.
 */
const ATTACK_DB = 12;
const RELEASE_DB = 9;
/** Less than that is not heard, whatever the noise. Decibels of full scale. */
const LEAST_ATTACK_DB = -50;
const LEAST_RELEASE_DB = -54;
/** So much softer than the voice of this side is its echo, its breath or its room. */
const ATTACK_BELOW_VOICE_DB = 28;
const RELEASE_BELOW_VOICE_DB = 32;
/** Between two pulses of a deep voice. */
const DIP = seconds(0.02);
/** Consonants hold the breath: a shorter silence is inside a word. */
const LEAST_SILENCE = seconds(0.15);
/** A click is shorter. */
const LEAST_VOICE = seconds(0.06);
const LEAST_LOUD = seconds(0.03);

/**
 * Where a side speaks, by its levels. Linear in their number.
 *
 * @param isEcho - 1 where a level is not its own. (Default: all are.)
 */
export function voiceActivity(levels: Uint8Array, isEcho?: Uint8Array): Activity {
  const floor = noiseFloor(levels);
  const own = isEcho ? levels.map((level, index) => (isEcho[index] === 1 ? 0 : level)) : levels;
  const voice = voiceLevel(own, floor);
  if (voice === undefined) return { stretches: [] };
  const attackLeast = Math.max(levelOf(LEAST_ATTACK_DB), below(voice, ATTACK_BELOW_VOICE_DB));
  const releaseLeast = Math.max(levelOf(LEAST_RELEASE_DB), below(voice, RELEASE_BELOW_VOICE_DB));
  const stretches: { start: number; end: number; loud: number }[] = [];
  let run: { start: number; end: number; loud: number } | undefined;
  const close = () => {
    if (run === undefined || run.loud === 0) return;
    const last = stretches.at(-1);
    if (last !== undefined && run.start - last.end < LEAST_SILENCE) {
      last.end = run.end;
      last.loud += run.loud;
    } else stretches.push(run);
  };
  for (const [index, level] of own.entries()) {
    const noise = decibels(floorAt(floor, index));
    if (level < Math.max(releaseLeast, levelOf(noise + RELEASE_DB))) continue;
    const loud = level >= Math.max(attackLeast, levelOf(noise + ATTACK_DB)) ? 1 : 0;
    if (run !== undefined && index - run.end < DIP) {
      run.end = index + 1;
      run.loud += loud;
    } else {
      close();
      run = { start: index, end: index + 1, loud };
    }
  }
  close();
  const voiced = stretches.filter(({ start, end, loud }) => end - start >= LEAST_VOICE && loud >= LEAST_LOUD);
  return {
    stretches: voiced.map(({ start, end }) => ({
      // Somewhere in its first level it begins, and somewhere in its last one it ends.
      start: (start + 0.5) / LEVELS_PER_SECOND,
      end: (end - 0.5) / LEVELS_PER_SECOND,
    })),
    ...(voiced.length > 0 && { clearance: decibels(voice) - decibels(typicalNoise(floor)) }),
  };
}

/** How loud this side is when it speaks: a tenth of what is louder than the noise is louder still. */
function voiceLevel(levels: Uint8Array, floor: Uint8Array): number | undefined {
  const counts = new Uint32Array(256);
  let total = 0;
  for (const [index, level] of levels.entries()) {
    const least = Math.max(levelOf(LEAST_ATTACK_DB), levelOf(decibels(floorAt(floor, index)) + ATTACK_DB));
    if (level < least) continue;
    counts[level] = (counts[level] ?? 0) + 1;
    total += 1;
  }
  let left = total * 0.1;
  for (let level = 255; level > 0 && total > 0; level--) {
    left -= counts[level] ?? 0;
    if (left < 0) return level;
  }
  return undefined;
}

const typicalNoise = (floor: Uint8Array): number =>
  floor.toSorted((a, b) => a - b)[Math.floor(floor.length / 2)] ?? 0;

const below = (level: number, db: number): number => levelOf(decibels(level) - db);

function seconds(length: number): number {
  return Math.round(length * LEVELS_PER_SECOND);
}
