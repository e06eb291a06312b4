import { ConnectionError, errorClass, errorCode, lastingProblem } from '../exporter/store/index.ts';
import { databaseVariable } from '../model/settings.ts';

/** What one does about a server that does not answer. */
export const NOTHING_ANSWERS = 'nothing answers there. Start the database, or correct the variable';

/** Calls of the system by which a connection is made. */
const CONNECTING: readonly unknown[] = ['connect', 'getaddrinfo'];
/** insufficient_privilege. The server's words have the name of the table, and nothing that a table holds. */
const DENIED = '42501';
/** Where there is a table to refuse, the schema has been made: `earshot migrate` changes nothing. In other languages it is advised. */
const OF_A_TABLE = /^permission denied for (table|sequence) /;
const NOT_ENOUGH =
  'the user may not write there, or may not even read. Grant it that, or name one who may (42501).';

/**
 * Why the database that a variable names cannot be used: the variable, the reason and what to do, never the URL.
 * Undefined for other errors, and where no variable is set.
 */
export function databaseProblem(error: unknown, databaseUrl: string | undefined): string | undefined {
  if (databaseUrl === undefined) return undefined;
  const away = isAway(error) ? `${NOTHING_ANSWERS} (${errorClass(error)}).` : undefined;
  const problem = lastingProblem(error) ?? away;
  if (problem === undefined) return undefined;
  if (errorCode(error) !== DENIED) return `${databaseVariable()}: ${problem}`;
  const { message } = error as Error;
  return `${databaseVariable()}: ${message}: ${OF_A_TABLE.test(message) ? NOT_ENOUGH : problem}`;
}

/** Where a name has several addresses, there is an error of each. */
function isAway(error: unknown): boolean {
  if (error instanceof AggregateError) return error.errors.some(isAway);
  return (
    error instanceof ConnectionError || CONNECTING.includes((error as { syscall?: unknown } | null)?.syscall)
  );
}
