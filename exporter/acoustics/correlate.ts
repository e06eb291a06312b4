/** Complex numbers: real and imaginary parts apart. */
export interface Signal {
  readonly re: Float64Array;
  readonly im: Float64Array;
}

/** The least power of two that is no less. */
export const powerOfTwo = (least: number): number => 2 ** Math.ceil(Math.log2(Math.max(1, least)));

export const signalOf = (length: number): Signal => ({
  re: new Float64Array(length),
  im: new Float64Array(length),
});

/**
 * How alike two signals are, shifted against one another: at index `n` the real part of the sum of `conj(a[t]) · b[t + n]`, where
 * a negative shift is counted from the end. Both are of one length, a power of two, and are overwritten. n log n.
 */
export function correlate(a: Signal, b: Signal): Float64Array {
  transform(a);
  transform(b);
  const { length } = a.re;
  for (let i = 0; i < length; i++) {
    const [ar, ai, br, bi] = [a.re[i] ?? 0, a.im[i] ?? 0, b.re[i] ?? 0, b.im[i] ?? 0];
    b.re[i] = ar * br + ai * bi;
    // Conjugated, so that the same transform goes back.
    b.im[i] = -(ar * bi - ai * br);
  }
  transform(b);
  return b.re.map((value) => value / length);
}

/** The fast Fourier transform in place (Cooley and Tukey, radix 2). */
function transform({ re, im }: Signal): void {
  const { length } = re;
  reverseBits(re, im);
  for (let size = 2; size <= length; size *= 2) {
    const half = size / 2;
    const step = (-2 * Math.PI) / size;
    for (let k = 0; k < half; k++) {
      const [cos, sin] = [Math.cos(step * k), Math.sin(step * k)];
      for (let i = k; i < length; i += size) {
        const [xr, xi] = [re[i + half] ?? 0, im[i + half] ?? 0];
        const [tr, ti] = [xr * cos - xi * sin, xr * sin + xi * cos];
        re[i + half] = (re[i] ?? 0) - tr;
        im[i + half] = (im[i] ?? 0) - ti;
        re[i] = (re[i] ?? 0) + tr;
        im[i] = (im[i] ?? 0) + ti;
      }
    }
  }
}

function reverseBits(re: Float64Array, im: Float64Array): void {
  const { length } = re;
  for (let i = 1, j = 0; i < length; i++) {
    let bit = length >> 1;
    for (; (j & bit) !== 0; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i >= j) continue;
    [re[i], re[j]] = [re[j] ?? 0, re[i] ?? 0];
    [im[i], im[j]] = [im[j] ?? 0, im[i] ?? 0];
  }
}
