import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { withoutMachineLines } from './machine-lines.ts';

const AGENT_FOLDER = fileURLToPath(new URL('../../examples/phone-agent/', import.meta.url));

/** How an agent is started. */
export interface AgentProcessOptions {
  /** Options of Node itself, for example `['--import', url]`. */
  readonly nodeArgs?: readonly string[];
  /** Environment on top of `PATH`, `HOME` and `TMPDIR`; nothing else is inherited. */
  readonly env?: Readonly<Record<string, string>>;
  /** (Default: the folder of the agent.) */
  readonly cwd?: string;
  /** The program. (Default: examples/phone-agent/agent.js.) */
  readonly program?: string;
}

/** How an agent ended. */
export interface AgentExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

const MOST_OUTPUT = 200_000;

/** An agent in a process of its own. */
export class AgentProcess {
  readonly #child: ChildProcess;
  readonly #exited: Promise<AgentExit>;
  #stdout = '';
  #stderr = '';
  #url: string | undefined;

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.#exited = new Promise((resolve) => {
      child.once('close', (code, signal) => resolve({ code, signal }));
      child.once('error', () => resolve({ code: null, signal: null }));
    });
    child.stdout?.on('data', (data: Buffer) => {
      this.#stdout = (this.#stdout + data).slice(-MOST_OUTPUT);
    });
    child.stderr?.on('data', (data: Buffer) => {
      this.#stderr = (this.#stderr + data).slice(-MOST_OUTPUT);
    });
  }

  /**
   * Starts an agent and waits until it says on which port it listens.
   *
   * @throws Error with its output when it ends before that, or does not come to it in a minute.
   */
  static async start(options: AgentProcessOptions = {}): Promise<AgentProcess> {
    const inherited = Object.fromEntries(
      ['PATH', 'HOME', 'TMPDIR'].flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])),
    );
    const child = spawn(
      process.execPath,
      [...(options.nodeArgs ?? []), options.program ?? join(AGENT_FOLDER, 'agent.js')],
      {
        cwd: options.cwd ?? AGENT_FOLDER,
        env: { ...inherited, PORT: '0', ...options.env },
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    const agent = new AgentProcess(child);
    await agent.#listening();
    return agent;
  }

  async #listening(): Promise<void> {
    const port = await new Promise<string | undefined>((resolve) => {
      const timer = setTimeout(() => resolve(undefined), 60_000);
      const look = (): void => {
        const found = this.#stdout.match(/listening on port (\d+)/)?.[1];
        if (found) finish(found);
      };
      const finish = (found?: string): void => {
        clearTimeout(timer);
        this.#child.stdout?.off('data', look);
        resolve(found);
      };
      this.#child.stdout?.on('data', look);
      void this.#exited.then(() => finish());
    });
    if (port === undefined) {
      await this.stop(0);
      throw new Error(`The agent did not start:\n${this.#stdout}${this.#stderr}`);
    }
    this.#url = `http://127.0.0.1:${port}`;
  }

  /** Origin of the agent's HTTP server. */
  get url(): string {
    if (this.#url === undefined) throw new Error('The agent is not listening yet');
    return this.#url;
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** What it has written so far (the last 200,000 characters each). */
  get output(): { readonly stdout: string; readonly stderr: string } {
    return { stdout: this.#stdout, stderr: this.#stderr };
  }

  /** What it has written to stderr, but for what is true of the container that the tests run in. */
  get complaints(): string {
    return withoutMachineLines(this.#stderr);
  }

  /** Sends a signal to the agent itself. */
  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** How it ended, when it has. */
  exited(): Promise<AgentExit> {
    return this.#exited;
  }

  /** Asks it to end (SIGTERM), and ends it (SIGKILL) when it has not after `deadlineMs`. */
  async stop(deadlineMs = 10_000): Promise<AgentExit> {
    this.#child.kill('SIGTERM');
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), deadlineMs);
    try {
      return await this.#exited;
    } finally {
      clearTimeout(timer);
    }
  }
}
