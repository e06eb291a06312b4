import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { CommandError } from '../command.ts';

/** Signals for the command, which is what the user has started. */
const PASSED: readonly NodeJS.Signals[] = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGUSR2'];
/** A terminal gives these to every process that it runs: passed on, they would come twice. */
const FROM_TERMINAL: readonly NodeJS.Signals[] = ['SIGINT', 'SIGHUP', 'SIGQUIT'];

/** A command that could not be started: 126 or 127, as shells have it. */
const NOT_FOUND = 127;
const NOT_EXECUTABLE = 126;

/** The command could not be started. */
export class NotStartedError extends CommandError {
  override name = 'NotStartedError';
  readonly exitCode: number;

  constructor(message: string, exitCode: number) {
    super(message);
    this.exitCode = exitCode;
  }
}

/**
 * Runs a command on this process's terminal to its end. Gives its exit code; 128 and the signal's number where a signal
 * has ended it.
 * @throws NotStartedError
 */
export function runCommand(
  [program = '', ...args]: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<number> {
  const child = spawn(program, args, { stdio: 'inherit', env });
  const pass = (signal: NodeJS.Signals) => {
    if (!FROM_TERMINAL.includes(signal) || process.stdin.isTTY !== true) child.kill(signal);
  };
  for (const signal of PASSED) process.on(signal, pass);
  return new Promise<number>((resolve, reject) => {
    child.once('error', (error: NodeJS.ErrnoException) => reject(notStarted(program, error)));
    child.once('exit', (code, signal) =>
      resolve(signal === null ? (code ?? 1) : 128 + constants.signals[signal]),
    );
  }).finally(() => {
    for (const signal of PASSED) process.off(signal, pass);
  });
}

function notStarted(program: string, { code, message }: NodeJS.ErrnoException): NotStartedError {
  if (code === 'ENOENT')
    return new NotStartedError(
      `there is no command ${program}. Expected a program and its arguments, as in: earshot watch -- node agent.js`,
      NOT_FOUND,
    );
  if (code === 'EACCES')
    return new NotStartedError(`${program} may not be executed (EACCES).`, NOT_EXECUTABLE);
  return new NotStartedError(`${program} could not be started: ${message}`, NOT_EXECUTABLE);
}
