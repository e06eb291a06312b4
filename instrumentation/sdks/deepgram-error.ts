import { errorType } from '../spans.ts';
import { at, quantity } from './patch.ts';

/** What a request failed with: the status, where the SDK has no class for it (429: too many requests). */
export function errorClass(error: unknown): unknown {
  const status = quantity(at(error, 'statusCode'));
  return errorType(error) === 'DeepgramError' && status !== undefined ? String(status) : error;
}
