import type { ParseArgsConfig } from 'node:util';

/** Exit codes of a command. 0: done. 1: failed. 2: usage error. Others: of the command that `earshot watch` ran. */
export type ExitCode = number;

/** Where a command writes. Results go to `out`, progress and errors to `err`, so that `--json` can be piped. */
export interface Io {
  out(text: string): void;
  err(text: string): void;
  /**
   * Writes a part of a long result to `out` and waits while its reader is slow, so that no more than a part is in memory.
   * False: the reader has gone.
   */
  stream(text: string): Promise<boolean>;
  /** Whether `out` is a terminal that shows colours. */
  readonly colour: boolean;
  /** Columns of the terminal. */
  readonly width: number;
  /** The same, where lines must fit. Infinity: `out` is a file or another program, which gets whole ids. */
  readonly screen: number;
}

type Options = NonNullable<ParseArgsConfig['options']>;

/** One command of `earshot`. */
export interface Command {
  name: string;
  /** The whole help text: usage, options, an example, what one sees. */
  help: string;
  options: Options;
  /** Most arguments that may stand beside the options. Infinity: they are a command of its own, with options of its own. */
  maxArguments: number;
  /** The first argument is not yet of that command: options may stand behind it, and the command begins behind `--`. */
  firstIsOwn?: true;
  run(invocation: Invocation): Promise<ExitCode>;
}

/** What the user typed, parsed. */
export interface Invocation {
  arguments: readonly string[];
  options: Readonly<Record<string, string | boolean | readonly string[] | undefined>>;
  io: Io;
}

/** The user asked for something that cannot be: exit code 2. The message says what was seen and what is expected. */
export class UsageError extends Error {
  override name = 'UsageError';
}

/** Something outside is not as it must be: exit code 1. The message says what to do. */
export class CommandError extends Error {
  override name = 'CommandError';
}
