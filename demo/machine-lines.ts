const MACHINE_LINES = [
  // A container that has no volume: tests may run in one.
  /^\[warn\] earshot: spans wait in .* lost with this container\..*\n/gm,
  // A machine so busy that the database had no time to answer. test/accuracy/exit claims that another one is silent.
  /^\[warn\] earshot: spans cannot be written to the database \((?:ETIMEDOUT|EARSHOT_TIMEOUT)\)\. .*\n/gm,
  /^\[warn\] earshot: (?:rows|spans|metrics) could not be delivered within 5 s\.\n/gm,
];

/** What a program said on stderr, without what is rightly said of the machine that it ran on. */
export const withoutMachineLines = (stderr: string): string =>
  MACHINE_LINES.reduce((text, line) => text.replace(line, ''), stderr);
