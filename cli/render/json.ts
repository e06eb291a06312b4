import { rowJson } from '../../model/row-json.ts';

/** Rows as JSON: the column names of the tables, money as strings with all its places, instants in ISO 8601. */
export const toJson = (value: unknown): string => JSON.stringify(rowJson(value), null, 2);

/** The same on one line. */
export const toJsonLine = (value: unknown): string => JSON.stringify(rowJson(value));
