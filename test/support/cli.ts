import { execFile, spawn } from 'node:child_process';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
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

const run = promisify(execFile);

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

/**
 * Runs several command lines in one process, one after the other, for those that do no work: they explain themselves, or
 * complain. Each has its exit code and what it wrote.
 */
export async function runLines(
  lines: readonly (readonly string[])[],
  { cwd, env = {} }: Pick<CliOptions, 'cwd' | 'env'>,
): Promise<readonly Pick<CliRun, 'code' | 'stdout' | 'stderr'>[]> {
  const { PATH = '', HOME = '', TMPDIR = '/tmp' } = process.env;
  const args = [fixture('command-lines.mjs'), pathToFileURL(MAIN).href, JSON.stringify(lines)];
  const { stdout } = await run(process.execPath, args, { cwd, env: { PATH, HOME, TMPDIR, ...env } });
  return JSON.parse(stdout);
}
