import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { fixture } from './program.ts';
import { WASM_OPTIONS } from './wasm.ts';

/** How a run of `earshot` went. */
export interface CliRun {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Milliseconds from start to the first line of output, of either kind. */
  readonly firstOutputMs: number | undefined;
  readonly durationMs: number;
}

/** A run that goes on. */
export interface RunningCli {
  /** What it has written so far. */
  readonly output: { readonly stdout: string; readonly stderr: string };
  readonly ended: Promise<CliRun>;
  kill(signal: NodeJS.Signals): void;
}

export interface CliOptions {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  /** What it reads. (Default: nothing.) */
  readonly input?: string;
}

const MAIN = fileURLToPath(new URL('../../cli/main.js', import.meta.url));

/** Starts `earshot` as a process of its own, in a folder, with nothing of this process's environment but its paths. */
export function startCli(args: readonly string[], { cwd, env = {}, input }: CliOptions): RunningCli {
  const { PATH = '', HOME = '', TMPDIR = '/tmp' } = process.env;
  const begun = performance.now();
  const child = spawn(process.execPath, [...WASM_OPTIONS, MAIN, ...args], {
    cwd,
    env: { PATH, HOME, TMPDIR, ...env },
    stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
  });
  child.stdin?.end(input);
  const output = { stdout: '', stderr: '' };
  let firstOutputMs: number | undefined;
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (text: string) => {
      firstOutputMs ??= performance.now() - begun;
      output[name] += text;
    });
  }
  const ended = new Promise<CliRun>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      resolve({ code, ...output, firstOutputMs, durationMs: performance.now() - begun });
    });
  });
  return { output, ended, kill: (signal) => void child.kill(signal) };
}

/** Runs `earshot` to its end. */
export const runCli = (...of: Parameters<typeof startCli>): Promise<CliRun> => startCli(...of).ended;

/** What came of a command line. */
export type LineRun = Pick<CliRun, 'code' | 'stdout' | 'stderr'>;

/**
 * A process in which command lines run one after the other, each with a folder, an environment and an exit code of its own, as
 * in a process of its own: to load what the commands are made of takes longer than most of them do.
 */
export class CliLines {
  readonly #child: ChildProcess;
  readonly #waiting: { resolve(run: LineRun): void; reject(error: Error): void }[] = [];

  constructor() {
    const args = [...WASM_OPTIONS, fixture('command-lines.mjs'), pathToFileURL(MAIN).href];
    this.#child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    this.#child.on('message', (run) => this.#waiting.shift()?.resolve(run as LineRun));
    this.#child.once('exit', (code, signal) => {
      const error = new Error(`The process of command lines has ended (${code ?? signal}).`);
      for (const { reject } of this.#waiting.splice(0)) reject(error);
    });
  }

  run(args: readonly string[], { cwd, env = {} }: Pick<CliOptions, 'cwd' | 'env'>): Promise<LineRun> {
    const { PATH = '', HOME = '', TMPDIR = '/tmp' } = process.env;
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#child.send({ args, cwd, env: { PATH, HOME, TMPDIR, ...env } });
    });
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#child.disconnect();
    await ended;
  }
}

/** Runs several command lines in one process, one after the other. Each has its exit code and what it wrote. */
export async function runLines(
  lines: readonly (readonly string[])[],
  options: Pick<CliOptions, 'cwd' | 'env'>,
): Promise<readonly LineRun[]> {
  const cli = new CliLines();
  try {
    return await Promise.all(lines.map((line) => cli.run(line, options)));
  } finally {
    await cli.stop();
  }
}
