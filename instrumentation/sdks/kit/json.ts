import { type Foreign, foreign } from './patch.ts';

/** A message as an object; undefined for audio, for broken ones and for what is not an object. */
export function parseJson(message: unknown): Foreign | undefined {
  if (typeof message !== 'string') return undefined;
  try {
    return foreign(JSON.parse(message));
  } catch {
    return undefined;
  }
}
