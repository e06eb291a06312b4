/**
 * The level at which a percentile bootstrap of so few clusters holds a figure as often as `level` says: its plain interval is as
 * narrow as if the spread of clusters were known, and not estimated (Hesterberg 2015, the expanded percentile interval: by
 * Student's t in place of the normal distribution, and n ÷ (n − 1)).
 */
export function expandedLevel(level: number, clusters: number): number {
  const freedom = clusters - 1;
  if (freedom < 1) return level;
  const z = normalQuantile((1 + level) / 2);
  // Student's t by z, to the second order of 1 ÷ freedom (Fisher and Cornish).
  const t = z + (z ** 3 + z) / (4 * freedom) + (5 * z ** 5 + 16 * z ** 3 + 3 * z) / (96 * freedom * freedom);
  return 2 * normalShare(t * Math.sqrt(clusters / freedom)) - 1;
}

/** The share of a normal distribution below `z`, to 1e-7 (Abramowitz and Stegun 26.2.17). */
function normalShare(z: number): number {
  if (z < 0) return 1 - normalShare(-z);
  const t = 1 / (1 + 0.2316419 * z);
  const tail =
    (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) *
    t *
    (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  return 1 - tail;
}

/** The `z` below which such a share is. */
function normalQuantile(share: number): number {
  let [low, high] = [-8, 8];
  for (let step = 0; step < 60; step += 1) {
    const middle = (low + high) / 2;
    if (normalShare(middle) < share) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
