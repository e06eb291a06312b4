/**
 * Whether a difference between two selections is more than chance. 95 % intervals; where there is too little data there is
 * no verdict.
 */
export type Verdict = 'better' | 'worse' | 'different' | 'same' | 'too_few';

export interface Difference {
  a: number | null;
  b: number | null;
  /** `b - a`; null where either is unknown. */
  change: number | null;
  /** Of `a`. */
  relative: number | null;
  verdict: Verdict;
}

/** Fewer say nothing. */
const LEAST = 20;
const Z95 = 1.96;
/** Smaller ones do not matter, however sure they are. */
const LEAST_RELATIVE = 0.02;

export interface Quartiles {
  n: number;
  p25: number | null;
  p50: number | null;
  p75: number | null;
}

/** What less of is: latency and cost are better low, success is better high. */
export type Better = 'low' | 'high' | 'neither';

/** Medians, by the spread of each: the standard error of a median of about normal data is 0.93 of IQR / √n. */
export function medianDifference(a: Quartiles, b: Quartiles, better: Better = 'low'): Difference {
  const error = ({ n, p25, p75 }: Quartiles) =>
    p25 === null || p75 === null ? Number.NaN : (0.93 * (p75 - p25)) / Math.sqrt(n);
  return judged(a.p50, b.p50, Math.hypot(error(a), error(b)), Math.min(a.n, b.n), better);
}

/** Shares of so many. */
export function shareDifference(
  a: { part: number | null; of: number },
  b: { part: number | null; of: number },
  better: Better,
): Difference {
  const share = ({ part, of }: typeof a) => (part === null || of === 0 ? null : part / of);
  const [shareA, shareB] = [share(a), share(b)];
  const pooled = ((a.part ?? 0) + (b.part ?? 0)) / Math.max(1, a.of + b.of);
  const error = Math.sqrt(pooled * (1 - pooled) * (1 / Math.max(1, a.of) + 1 / Math.max(1, b.of)));
  return judged(shareA, shareB, error, Math.min(a.of, b.of), better);
}

/** Figures without a spread: how far apart they are, and no verdict on chance. */
export function plainDifference(a: number | null, b: number | null): Difference {
  const { change, relative } = changeOf(a, b);
  return { a, b, change, relative, verdict: 'different' };
}

function judged(a: number | null, b: number | null, error: number, n: number, better: Better): Difference {
  const { change, relative } = changeOf(a, b);
  return { a, b, change, relative, verdict: verdictOf(change, relative, error, n, better) };
}

function changeOf(a: number | null, b: number | null) {
  const change = a === null || b === null ? null : b - a;
  const relative = change === null || a === null || a === 0 ? null : change / a;
  return { change, relative };
}

function verdictOf(
  change: number | null,
  relative: number | null,
  error: number,
  n: number,
  better: Better,
): Verdict {
  if (change === null || n < LEAST || Number.isNaN(error)) return 'too_few';
  if (Math.abs(change) <= Z95 * error || Math.abs(relative ?? 1) < LEAST_RELATIVE) return 'same';
  if (better === 'neither') return 'different';
  return change < 0 === (better === 'low') ? 'better' : 'worse';
}
