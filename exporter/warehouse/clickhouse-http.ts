import { fetchErrorClass } from '../../model/fetch-error.ts';

/** Of a request. */
const TIMEOUT_MS = 300_000;
/** What ClickHouse calls an error, at the end of its message: what is before it may be of a row. */
const ERROR_NAME = /\(([A-Z][A-Z0-9_]{2,59})\)(?: \(version [\d.]{1,40}(?: \([^()\n]{0,60}\))?\))?\s{0,9}$/;
const SETTINGS = {
  // ISO 8601, as rows have it.
  date_time_input_format: 'best_effort',
  // What is answered is written, whatever the user's profile says.
  wait_for_async_insert: '1',
};

/** ClickHouse could not be asked, or refused what it was asked. */
export class ClickHouseError extends Error {
  override name = 'ClickHouseError';
}

/** A database of ClickHouse, by its HTTP interface. */
export interface ClickHouse {
  /** As `http://clickhouse:8123`. */
  readonly url: URL;
  /** (Default: that of the user.) */
  readonly database?: string | undefined;
  /** (Default: ClickHouse's own `default`, without a password.) */
  readonly user?: string | undefined;
  readonly password?: string | undefined;
}

/** Inserts rows, each a line of JSON. @throws ClickHouseError */
export async function insert(to: ClickHouse, table: string, lines: string): Promise<void> {
  const sql = `INSERT INTO ${table} FORMAT JSONEachRow`;
  const text = await ask(to, sql, lines);
  if (text.trim() !== '') throw refused(to, sql, text);
}

/** The rows of an answer, as the texts of so many columns. @throws ClickHouseError for what has others. */
export async function select(to: ClickHouse, sql: string, columns: number): Promise<string[][]> {
  const text = await ask(to, `${sql} FORMAT TabSeparated`);
  const rows = text.split('\n').slice(0, -1);
  const cells = rows.map((row) => row.split('\t'));
  const isWhole = text === '' || text.endsWith('\n');
  if (!isWhole || cells.some(({ length }) => length !== columns)) throw refused(to, sql, text);
  return cells;
}

/** Does what a statement says. @throws ClickHouseError that says what ClickHouse calls the error. */
export async function ask(to: ClickHouse, sql: string, rows?: string): Promise<string> {
  const { url, database, user = 'default', password } = to;
  const address = new URL(url);
  for (const [name, value] of Object.entries(SETTINGS)) address.searchParams.set(name, value);
  if (database !== undefined) address.searchParams.set('database', database);
  if (rows !== undefined) address.searchParams.set('query', sql);
  const isNamed = to.user !== undefined || password !== undefined;
  const credentials = Buffer.from(`${user}:${password ?? ''}`).toString('base64');
  try {
    const response = await fetch(address, {
      method: 'POST',
      // Not followed: it leads where no one has allowed.
      redirect: 'manual',
      headers: {
        // Calls are read between two requests, for so long that ClickHouse may end a connection that waits for the next one.
        connection: 'close',
        ...(isNamed && { authorization: `Basic ${credentials}` }),
      },
      body: rows ?? sql,
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const text = await response.text();
    // What fails after the answer has begun is told at its end.
    if (response.ok && !ERROR_NAME.test(text)) return text;
    throw refused(to, sql, text, `status ${response.status}`);
  } catch (cause) {
    if (cause instanceof ClickHouseError) throw cause;
    throw new ClickHouseError(`${url.origin} did not answer (${fetchErrorClass(cause)}).`, { cause });
  }
}

/** Never with the message of ClickHouse, which quotes the rows. */
function refused(
  { url }: ClickHouse,
  sql: string,
  text: string,
  otherwise = 'an answer that is none of ClickHouse',
): ClickHouseError {
  const name = ERROR_NAME.exec(text)?.[1] ?? otherwise;
  return new ClickHouseError(`${url.origin} refused ${sql.split(' ', 1)}: ${name}.`);
}
