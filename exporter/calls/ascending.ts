import { countWhile } from '../../model/count-while.ts';

/**
 * The last of `items`, ordered by `valueIn`, whose value is `limit` at most. Undefined when all are beyond it. In
 * logarithmic time.
 */
export function lastUpTo<Item>(
  items: readonly Item[],
  limit: number,
  valueIn: (item: Item) => number,
): Item | undefined {
  return items[countWhile(items.length, (index) => valueIn(items[index] as Item) <= limit) - 1];
}

/**
 * A search for the first of `items`, in any order, whose value is `limit` at least. One pass makes it, each search
 * takes logarithmic time.
 */
export function firstReaching<Item>(
  items: readonly Item[],
  valueIn: (item: Item) => number,
): (limit: number) => Item | undefined {
  let highest = Number.NEGATIVE_INFINITY;
  const highestSoFar = items.map((item) => {
    highest = Math.max(highest, valueIn(item));
    return highest;
  });
  return (limit) => items[countWhile(items.length, (index) => (highestSoFar[index] as number) < limit)];
}

/** So many at most: spans that all overlap each other must not cost their square. */
const MOST = 256;

/** The last 256 of those `items`, ordered by `valueIn`, whose value is from `from` to `to`, both included. */
export function within<Item>(
  items: readonly Item[],
  from: number,
  to: number,
  valueIn: (item: Item) => number,
): readonly Item[] {
  const start = countWhile(items.length, (index) => valueIn(items[index] as Item) < from);
  const end = countWhile(items.length, (index) => valueIn(items[index] as Item) <= to);
  return items.slice(Math.max(start, end - MOST), end);
}
