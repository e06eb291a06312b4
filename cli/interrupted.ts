/** Resolves at the first SIGINT or SIGTERM; the next one ends the process as it would without us. */
export function interrupted(): Promise<void> {
  return new Promise((resolve) => {
    const signals = ['SIGINT', 'SIGTERM'] as const;
    const on = () => {
      for (const signal of signals) process.off(signal, on);
      resolve();
    };
    for (const signal of signals) process.on(signal, on);
  });
}
