import { createHash } from 'node:crypto';

/**
 * Trace and span ids for a record that has none, from what it is about: the same record again has the same ids, so that
 * the journal takes it once.
 */
export function idsOf(...path: readonly (string | number)[]): { traceId: string; spanId: string } {
  const digest = createHash('sha256')
    .update(JSON.stringify(['earshot', ...path]))
    .digest('hex');
  return { traceId: digest.slice(0, 32), spanId: digest.slice(32, 48) };
}
