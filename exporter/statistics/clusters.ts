/**
 * A figure of clusters, such as calls, each of which has any number of values. `ratio`: the sum of one thing by the sum of
 * another, as a mean or a share is. `quantile`: of all values of all clusters.
 */
export type Statistic<Cluster> =
  | {
      readonly kind: 'ratio';
      /** Undefined: nothing is known of this cluster. */
      readonly of: (cluster: Cluster) => readonly [part: number, whole: number] | undefined;
    }
  | {
      readonly kind: 'quantile';
      readonly of: (cluster: Cluster) => readonly number[];
      /** 0.5 is the median. */
      readonly fraction: number;
    };

/** How often each cluster is in a sample. */
type Weights = Uint16Array;

/** Figures of clusters by how often each is in a sample: values are sorted once, and a sample costs one pass over them. */
export function figuresOfClusters<Cluster>(
  clusters: readonly Cluster[],
  statistics: readonly Statistic<Cluster>[],
): (weights: Weights) => number[] {
  const figures = statistics.map((statistic) =>
    statistic.kind === 'ratio'
      ? ratioOf(clusters.map(statistic.of))
      : quantileIn(clusters.map(statistic.of), statistic.fraction),
  );
  return (weights) => figures.map((figure) => figure(weights));
}

function ratioOf(parts: readonly (readonly [number, number] | undefined)[]): (weights: Weights) => number {
  const part = Float64Array.from(parts, (each) => each?.[0] ?? 0);
  const whole = Float64Array.from(parts, (each) => each?.[1] ?? 0);
  const [first, ...others] = parts.filter((each) => each !== undefined);
  // Sums of the same again and again are not exact: what never differs would seem to.
  const same =
    first !== undefined && others.every(([a, b]) => a === first[0] && b === first[1])
      ? first[0] / first[1]
      : undefined;
  return (weights) => {
    let [sum, of] = [0, 0];
    for (let at = 0; at < weights.length; at += 1) {
      const weight = weights[at] as number;
      sum += weight * (part[at] as number);
      of += weight * (whole[at] as number);
    }
    return of > 0 ? (same ?? sum / of) : Number.NaN;
  };
}

function quantileIn(values: readonly (readonly number[])[], fraction: number): (weights: Weights) => number {
  const all = values.flatMap((each, cluster) => each.map((value) => [value, cluster] as const));
  all.sort(([one], [other]) => one - other);
  const ascending = Float64Array.from(all, ([value]) => value);
  const clusters = Uint32Array.from(all, ([, cluster]) => cluster);
  const counts = Uint32Array.from(values, ({ length }) => length);
  return (weights) => {
    let count = 0;
    for (let at = 0; at < counts.length; at += 1) count += (counts[at] as number) * (weights[at] as number);
    if (count === 0) return Number.NaN;
    const position = (count - 1) * fraction;
    const below = Math.floor(position);
    let [seen, at] = [0, 0];
    for (; at < ascending.length; at += 1) {
      seen += weights[clusters[at] as number] as number;
      if (seen > below) break;
    }
    const value = ascending[at] ?? Number.NaN;
    const share = position - below;
    if (share === 0 || seen > below + 1) return value;
    do at += 1;
    while (at < ascending.length && weights[clusters[at] as number] === 0);
    return value + ((ascending[at] ?? Number.NaN) - value) * share;
  };
}
