let deliver: () => Promise<void> = () => Promise.resolve();

/** Says how what has ended in this process is delivered: what `earshot/register` does. */
export const deliverBy = (how: () => Promise<void>): void => {
  deliver = how;
};

/**
 * Delivers what has ended so far: spans, metrics and logs to their collectors, rows to the database, or to the spool where
 * that is away. Calls that are open stay open. For a process that is frozen when it has answered, as on AWS Lambda: await it
 * last. Resolves after five seconds at the latest and never rejects: what could not be delivered is said on stderr.
 * Without `earshot/register` it does nothing; a tracer provider of the application's own is the application's to flush.
 */
export const flush = (): Promise<void> => deliver();
