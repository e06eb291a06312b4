type Version = readonly [major: number, minor: number, patch: number];

/** Whether a version is in a range as the SDKs' supported versions are written: `>=5.0.0 <6`. */
export function isInRange(version: string, range: string): boolean {
  const seen = parse(version);
  if (seen === undefined) return false;
  return range.split(' ').every((bound) => {
    const [, comparison, text = ''] = /^(>=|<)(\d.*)$/.exec(bound) ?? [];
    const limit = parse(text);
    if (limit === undefined) throw new TypeError(`saw the range ${range}, expected one such as >=5.0.0 <6.`);
    return comparison === '>=' ? compare(seen, limit) >= 0 : compare(seen, limit) < 0;
  });
}

/** Below 0: `a` is the older one. Undefined when either is not a version. */
export function compareVersions(a: string, b: string): number | undefined {
  const [one, other] = [parse(a), parse(b)];
  return one && other && compare(one, other);
}

const compare = (a: Version, b: Version): number => a[0] - b[0] || a[1] - b[1] || a[2] - b[2];

function parse(text: string): Version | undefined {
  const [, major, minor = 0, patch = 0] = /^(\d+)(?:\.(\d+))?(?:\.(\d+))?/.exec(text) ?? [];
  return major === undefined ? undefined : [Number(major), Number(minor), Number(patch)];
}
