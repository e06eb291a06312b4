/** Peaks a second, of each side. */
const PEAKS_PER_SECOND = 50;

/**
 * How loud one side is in a stretch of a recording, 0 to 1; 0 outside of it. Drawn as an ear has it: half as loud is not half as
 * high.
 *
 * @param peaks - for each 20 ms two bytes, caller and agent
 * @param side - 0 the caller, 1 the agent
 */
export function loudestIn(peaks: Uint8Array, side: 0 | 1, fromSeconds: number, toSeconds: number): number {
  const first = Math.max(0, Math.floor(fromSeconds * PEAKS_PER_SECOND));
  const last = Math.min(peaks.length / 2 - 1, Math.max(first, Math.ceil(toSeconds * PEAKS_PER_SECOND) - 1));
  if (toSeconds <= 0) return 0;
  let loudest = 0;
  for (let peak = first; peak <= last; peak++) loudest = Math.max(loudest, peaks[peak * 2 + side] ?? 0);
  return Math.sqrt(loudest / 255);
}
