/**
 * Where a change began: of all instants the one from which on slow and usual turns are most likely, if before it one in twenty
 * is slow and after it so many. The maximum likelihood estimate of a change point (Hinkley 1970), by cumulative sums.
 *
 * @param slow - of turns in order of time, whether each is slow
 * @param usual - share of slow turns before
 * @param changed - share of slow turns after
 * @returns the index of the first turn after the change.
 */
export function onsetOf(slow: readonly boolean[], usual: number, changed: number): number {
  const [ifSlow, ifNot] = [Math.log(changed / usual), Math.log((1 - changed) / (1 - usual))];
  let [best, at, sum] = [Number.NEGATIVE_INFINITY, slow.length - 1, 0];
  for (let index = slow.length - 1; index >= 0; index -= 1) {
    sum += slow[index] === true ? ifSlow : ifNot;
    if (sum > best) [best, at] = [sum, index];
  }
  return at;
}
