import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { doAsNextProcess } from './next-process.ts';
import { poll } from './poll.ts';
import { packageRoot } from './root.ts';

/** Where an application finds `earshot/register`. */
export const REGISTER: string = import.meta.resolve('earshot/register');

/** For a bundler: the files of what an application imports of earshot. */
export const EARSHOT_FILES: Readonly<Record<string, string>> = Object.fromEntries(
  ['earshot/instrument', 'earshot'].map((name) => [name, fileURLToPath(import.meta.resolve(name))]),
);

/** Ends a program that goes on running when it has nothing left to do; see there. */
export const LATE_PROBE: string = import.meta.resolve('./late-probe.js');

/** The path of a program in test/fixtures/programs. */
export const fixture = (name: string): string => join(packageRoot, 'test/fixtures/programs', name);

export interface ProgramOptions {
  /** What runs it. (Default: this Node.) */
  readonly runtime?: string;
  /** Options of Node itself. (Default: `--import earshot/register`.) */
  readonly nodeArgs?: readonly string[];
  readonly args?: readonly string[];
  /** Environment on top of `PATH` and `HOME`; nothing else is inherited. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/** How a program ended. */
export interface ProgramEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  /** From its start. */
  readonly seconds: number;
}

/** A program of test/fixtures/programs, or any path, in a process of its own. */
export class Program {
  readonly ended: Promise<ProgramEnd>;
  readonly #child: ChildProcess;
  #stdout = '';
  #stderr = '';

  constructor(
    program: string,
    {
      runtime = process.execPath,
      nodeArgs = ['--import', REGISTER],
      args = [],
      env,
      cwd,
    }: ProgramOptions = {},
  ) {
    const startMs = performance.now();
    const path = program.includes('/') ? program : fixture(program);
    const child = spawn(runtime, [...nodeArgs, path, ...args], {
      cwd,
      env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    child.stdout.on('data', (data) => {
      this.#stdout += data;
    });
    child.stderr.on('data', (data) => {
      this.#stderr += data;
    });
    this.ended = new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code, signal) => {
        const seconds = (performance.now() - startMs) / 1_000;
        resolve({ code, signal, stdout: this.#stdout, stderr: this.#stderr, seconds });
      });
    });
  }

  /** Waits until the program has printed `line`. */
  async printed(line: string): Promise<void> {
    await poll(() => this.#stdout.includes(line), { what: `${line} on stdout` });
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }
}

/**
 * Runs a program to its end. Where it has a database and no spool folder of the test's own, what it had no time to write
 * before its exit is written now.
 */
export async function run(program: string, options: ProgramOptions = {}): Promise<ProgramEnd> {
  const { env = {} } = options;
  const url = env.DATABASE_URL;
  if (url === undefined || env.EARSHOT_SPOOL_DIR !== undefined) return new Program(program, options).ended;
  const spoolDir = await mkdtemp(join(tmpdir(), 'earshot-test-spool-'));
  try {
    const end = await new Program(program, { ...options, env: { ...env, EARSHOT_SPOOL_DIR: spoolDir } })
      .ended;
    await doAsNextProcess(env, url, spoolDir);
    return end;
  } finally {
    await rm(spoolDir, { recursive: true });
  }
}
