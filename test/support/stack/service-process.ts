import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { poll } from '../poll.ts';

/** A program that serves, and how to know that it does. */
export interface ServiceOptions {
  /** For messages. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** On top of `PATH` and `HOME`; nothing else is inherited. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** Answers 2xx as soon as the program is ready; of `tcp://` it takes a connection then. */
  readonly readyUrl: string;
  /** How long it may take to be ready, in milliseconds. (Default: a minute.) */
  readonly startDeadlineMs?: number;
}

const START_DEADLINE_MS = 60_000;
const STOP_DEADLINE_MS = 15_000;
const MOST_OUTPUT = 100_000;

/** A real program in a process of its own, which can be stopped, killed and started again. */
export class ServiceProcess {
  readonly #options: ServiceOptions;
  #child: ChildProcess | undefined;
  #output = '';

  private constructor(options: ServiceOptions) {
    this.#options = options;
  }

  /**
   * Starts it and waits until it is ready.
   * @throws Error with the end of its output when it ends before that or does not come to it in time.
   */
  static async start(options: ServiceOptions): Promise<ServiceProcess> {
    const service = new ServiceProcess(options);
    await service.up();
    return service;
  }

  /** Of its present life; 0 when it is stopped. */
  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  /** The end of what it has printed, over all its lives. */
  get output(): string {
    return this.#output;
  }

  /** Starts it again. */
  async up(): Promise<void> {
    const { name, command, args, env, cwd, readyUrl, startDeadlineMs = START_DEADLINE_MS } = this.#options;
    const child = spawn(command, [...args], {
      cwd,
      env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    const keep = (data: Buffer) => {
      this.#output = (this.#output + data).slice(-MOST_OUTPUT);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    let gone: unknown;
    child.once('error', (error) => {
      gone = error;
    });
    child.once('exit', (code, signal) => {
      gone ??= `it ended with ${code ?? signal}`;
    });
    try {
      await poll(
        async () => {
          if (gone !== undefined) return true;
          return isReady(readyUrl);
        },
        { deadlineMs: startDeadlineMs, intervalMs: 50, what: `${name} at ${readyUrl}` },
      );
      if (gone !== undefined) throw new Error(`${name} did not start: ${gone}`);
    } catch (error) {
      await this.kill();
      throw new Error(`${String(error)}\n${this.#output.slice(-4_000)}`, { cause: error });
    }
  }

  /** Asks it to end, and makes it end when it has not after 15 seconds. */
  async stop(): Promise<void> {
    const child = this.#child;
    const timer = setTimeout(() => child?.kill('SIGKILL'), STOP_DEADLINE_MS);
    await this.#end('SIGTERM');
    clearTimeout(timer);
  }

  /** Ends it without warning. */
  kill(): Promise<void> {
    return this.#end('SIGKILL');
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.pid === undefined) return;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
  }
}

async function isReady(url: string): Promise<boolean> {
  const { protocol, hostname, port } = new URL(url);
  if (protocol !== 'tcp:') return (await fetch(url, { signal: AbortSignal.timeout(2_000) })).ok;
  const socket = connect(Number(port), hostname);
  try {
    await once(socket, 'connect');
    return true;
  } finally {
    socket.destroy();
  }
}
