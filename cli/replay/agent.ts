import { type ChildProcess, spawn } from 'node:child_process';
import { connect, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { CommandError } from '../command.ts';

const START_DEADLINE_MS = 60_000;
const STOP_DEADLINE_MS = 15_000;
/** Where no one waits for its spans any more. */
const INTERRUPTED_DEADLINE_MS = 3_000;
const LOOK_EVERY_MS = 50;
/** Its connections are closed a little before it is known to have ended. */
const END_DEADLINE_MS = 1_000;
const MOST_OUTPUT = 20_000;

/** An agent that was started for one call. */
export interface StartedAgent {
  /** The end of what it has written. */
  readonly output: string;
  /** How it has ended by itself, waiting a moment for it to; undefined: it goes on. */
  end(): Promise<string | undefined>;
  /**
   * Asks it to end, as a deployment does (SIGTERM), and waits until all of its processes have; kills those that do not end. When the
   * replay is interrupted, it does so by itself.
   */
  stop(): Promise<void>;
}

/** A port of loopback that no one has. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/**
 * Starts a command and waits until something listens where it is to be called.
 *
 * @param interrupted - ends it, also while it starts
 * @throws CommandError with the end of its output when it ends before that, or does not come to it.
 */
export async function startAgent(
  [program = '', ...args]: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  url: URL,
  interrupted: AbortSignal,
): Promise<StartedAgent> {
  interrupted.throwIfAborted();
  // A group of its own: `npm start` is two processes, and both are to end.
  const child = spawn(program, args, { env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  const keep = (data: Buffer) => {
    output = (output + data).slice(-MOST_OUTPUT);
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  let ended: string | undefined;
  const exited = new Promise<void>((resolve) => {
    child.once('error', (error) => {
      ended = `it could not be started (${error.message})`;
      resolve();
    });
    child.once('exit', (code, signal) => {
      ended ??= `it ended (${signal ?? `exit code ${code}`})`;
      resolve();
    });
  });
  const agent: StartedAgent = {
    get output() {
      return output;
    },
    end: async () => {
      await Promise.race([exited, sleep(END_DEADLINE_MS, undefined, { ref: false })]);
      return ended;
    },
    stop: async () => {
      signal(child, 'SIGTERM');
      const askedMs = performance.now();
      const waitsFor = () => (interrupted.aborted ? INTERRUPTED_DEADLINE_MS : STOP_DEADLINE_MS);
      // Of `sh -c` the shell may end at once, and what it has started not at all.
      while (signal(child, 0) && performance.now() - askedMs < waitsFor()) await sleep(LOOK_EVERY_MS);
      signal(child, 'SIGKILL');
      await exited;
    },
  };
  interrupted.addEventListener('abort', () => void agent.stop(), { once: true });
  const deadline = performance.now() + START_DEADLINE_MS;
  while (!(await listens(url))) {
    if (ended === undefined && !interrupted.aborted && performance.now() < deadline) {
      await sleep(LOOK_EVERY_MS);
      continue;
    }
    // What is known before it is stopped, which ends it as well.
    const why =
      ended ??
      `nothing listened at ${url.host} in ${START_DEADLINE_MS / 1_000} s; it is told the port in PORT`;
    await agent.stop();
    throw new CommandError(`the agent did not start: ${why}.${output === '' ? '' : `\n${output.trimEnd()}`}`);
  }
  return agent;
}

/** Sends a signal to all of its processes; 0 asks whether there are any. */
function signal({ pid }: ChildProcess, name: NodeJS.Signals | 0): boolean {
  try {
    return pid !== undefined && process.kill(-pid, name);
  } catch {
    return false;
  }
}

function listens({ hostname, port, protocol }: URL): Promise<boolean> {
  return new Promise((resolve) => {
    const usual = protocol === 'http:' || protocol === 'ws:' ? 80 : 443;
    const socket = connect({ host: hostname.replace(/^\[|\]$/g, ''), port: Number(port) || usual });
    const done = (answer: boolean) => () => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', done(true));
    socket.once('error', done(false));
  });
}
