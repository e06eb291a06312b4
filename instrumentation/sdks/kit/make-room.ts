/** Takes the oldest entry out of a map that has reached its cap, and gives what it was. */
export function makeRoom<T>(map: Map<unknown, T>, most: number): T | undefined {
  if (map.size < most) return undefined;
  for (const [oldest, entry] of map) {
    map.delete(oldest);
    return entry;
  }
  return undefined;
}
