/**
 * Shares of a whole as whole numbers that add up to it, rounded whole included: what is missing goes to those that lost
 * most by rounding down.
 * @example apportion([1, 1, 1], 100) // [34, 33, 33]
 */
export function apportion(parts: readonly number[], whole: number): number[] {
  const sum = parts.reduce((a, b) => a + b, 0);
  if (!(sum > 0)) return parts.map(() => 0);
  const exact = parts.map((part) => (part / sum) * Math.round(whole));
  const shares = exact.map(Math.floor);
  const byLoss = exact
    .map((value, index) => ({ index, lost: value - Math.floor(value) }))
    .sort((a, b) => b.lost - a.lost || a.index - b.index);
  const missing = Math.round(whole) - shares.reduce((a, b) => a + b, 0);
  for (const { index } of byLoss.slice(0, missing)) shares[index] = (shares[index] ?? 0) + 1;
  return shares;
}
