import { type Foreign, foreign } from '../shared/patch.ts';

/** A message of Deepgram's as an object; undefined for binary and for broken ones. */
export function readJson(data: unknown): Foreign | undefined {
  if (typeof data !== 'string') return undefined;
  try {
    return foreign(JSON.parse(data));
  } catch {
    return undefined;
  }
}
