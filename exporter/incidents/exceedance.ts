/**
 * The exceedance test (Gumbel and von Schelling 1950; Balakrishnan and Ng, Precedence-Type Tests, 2006): how many of some new
 * values are greater than one of earlier ones, namely the one with a rank of its own when they are in ascending order. Where
 * nothing has changed, that number has a distribution that depends on nothing but the counts: not on what is measured, however
 * long its tail. Exact for independent values without ties; with ties it says less, and never more.
 */

/** One sample that is held against its own earlier one. */
export interface Exceedances {
  /** Earlier values. */
  readonly earlier: number;
  /** Rank of the one that is to be exceeded, 1 to `earlier`. */
  readonly rank: number;
  /** New values. */
  readonly later: number;
  /** Those of them that exceed it. */
  readonly exceeding: number;
}

/**
 * How likely it is that so many new values or more exceed what they are held against, where nothing has changed: of several
 * samples together, each with its own earlier one.
 *
 * @returns 0 to 1; 1 without new values.
 */
export function exceedanceProbability(samples: readonly Exceedances[]): number {
  let distribution = [1];
  let seen = 0;
  for (const sample of samples) {
    distribution = sumOf(distribution, distributionOf(sample));
    seen += sample.exceeding;
  }
  let tail = 0;
  // The smallest first.
  for (let count = distribution.length - 1; count >= seen; count -= 1) tail += distribution[count] ?? 0;
  return Math.min(1, tail);
}

/** The rank of the least value that no more than this share of later ones is expected to exceed; 0: there are too few. */
export function rankExceededBy(share: number, earlier: number): number {
  const rank = Math.ceil((1 - share) * (earlier + 1) - 1e-9);
  return rank <= earlier ? rank : 0;
}

/** The probability of each count of exceeding values, from none to all. */
function distributionOf({ earlier, rank, later }: Exceedances): number[] {
  return Array.from({ length: later + 1 }, (_, count) =>
    Math.exp(
      logChoose(later - count + rank - 1, later - count) +
        logChoose(earlier - rank + count, count) -
        logChoose(earlier + later, later),
    ),
  );
}

function sumOf(a: readonly number[], b: readonly number[]): number[] {
  const sum = new Array<number>(a.length + b.length - 1).fill(0);
  a.forEach((p, i) => {
    b.forEach((q, j) => {
      sum[i + j] = (sum[i + j] ?? 0) + p * q;
    });
  });
  return sum;
}

/** Logarithms of factorials, as many as were asked for. */
const LOG_FACTORIALS = [0];

function logFactorial(n: number): number {
  for (let known = LOG_FACTORIALS.length; known <= n; known += 1)
    LOG_FACTORIALS.push((LOG_FACTORIALS[known - 1] ?? 0) + Math.log(known));
  return LOG_FACTORIALS[n] ?? 0;
}

const logChoose = (n: number, k: number): number => logFactorial(n) - logFactorial(k) - logFactorial(n - k);
