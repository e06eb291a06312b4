import { HttpError } from '../../exporter/receiver/door/answer.ts';

const MOST_CHARACTERS = 60;

/**
 * Refuses what an address says and nothing would read: figures of all calls must not stand where a filter was misspelt. `within` is
 * the parameter that the query string is the value of.
 * @throws HttpError 400 that names it, and what is known
 */
export function onlyKnown(query: URLSearchParams, known: readonly string[], within?: string): void {
  const where = within === undefined ? '' : `${within}: `;
  for (const [name, value] of query) {
    if (!known.includes(name))
      throw new HttpError(
        400,
        `${where}saw ${JSON.stringify(name.slice(0, MOST_CHARACTERS))}, expected ${known.length === 0 ? 'no parameter' : `one of ${known.join(', ')}`}`,
      );
    // PostgreSQL has no text with it.
    if (value.includes('\0')) throw new HttpError(400, `${where}${name}: expected text without U+0000`);
  }
}
