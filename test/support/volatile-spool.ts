const VOLATILE_SPOOL =
  /^\[warn\] earshot: spans that cannot be written wait in .* lost with this container\..*\n/gm;

/** What a program said on stderr, without what is rightly said in a container that has no volume: tests may run in one. */
export const withoutVolatileSpool = (stderr: string): string => stderr.replace(VOLATILE_SPOOL, '');
