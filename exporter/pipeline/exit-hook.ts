const savers = new Set<() => void>();

function saveAll(): void {
  for (const save of savers) save();
}

/**
 * Calls `save` when the process exits, also by `process.exit`. Only synchronous work is done then. There is one listener
 * on the process, however many savers there are, and none when there are none. Returns the way to take it back.
 */
export function atExit(save: () => void): () => void {
  if (savers.size === 0) process.on('exit', saveAll);
  savers.add(save);
  return () => {
    if (savers.delete(save) && savers.size === 0) process.off('exit', saveAll);
  };
}
