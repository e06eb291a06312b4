import { guard } from './spans.ts';

const savers = new Set<() => void>();

/**
 * Calls `save` when the process is about to go, before its open calls are ended: what is known of an open connection and
 * of no stage yet is told then, synchronously. Returns the way to take it back.
 */
export function beforeProcessEnds(save: () => void): () => void {
  savers.add(save);
  return () => savers.delete(save);
}

/** The process is about to go. */
export function saveOpenConnections(): void {
  for (const save of [...savers]) guard('saving an open connection', save);
}
