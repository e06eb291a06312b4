import { type ChildProcess, execFile, spawn } from 'node:child_process';
import type { Duplex } from 'node:stream';
import { promisify } from 'node:util';
import { type Account, environment } from './account.ts';

const run = promisify(execFile);

/** What a server process is started with. */
export interface Launch {
  /** The program and its arguments. */
  readonly command: readonly string[];
  /** Where it runs. Removed when this process ends without having stopped the server. */
  readonly folder: string;
  readonly account: Account | undefined;
  /** What its log says when it accepts connections. (Default: PostgreSQL's words.) */
  readonly readyWhen?: RegExp;
}

const POSTGRES_READY = /ready to accept (?:read-only )?connections/;

/**
 * The server with a guard beside it, which reads from a pipe that only this process holds: when this process ends
 * without having stopped the server, even by SIGKILL, the guard ends the server and removes its folder.
 */
const GUARDED = `\
folder=$1; shift
(
  read -r line <&3 && exit
  kill -QUIT $$
  for _ in 1 2 3 4 5 6 7 8 9 10; do sleep 0.2; kill -0 $$ 2>/dev/null || break; done
  rm -rf "$folder"
) &
exec "$@" 3<&-`;

/** The server as a process that accepts connections; rejects with the end of its log when it does not come up. */
export async function launch({
  command,
  folder,
  account,
  readyWhen = POSTGRES_READY,
}: Launch): Promise<ChildProcess> {
  const server = spawn('/bin/sh', ['-c', GUARDED, 'sh', folder, ...command], {
    ...account,
    cwd: folder,
    env: environment(),
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
  });
  const lifeline = server.stdio[3] as Duplex;
  lifeline.on('error', () => {});
  // "Done": the server has ended, its guard must not signal a process that has the same id by then.
  server.once('exit', () => lifeline.end('done\n'));
  await ready(server, readyWhen);
  // A server that runs does not keep the tests alive.
  server.unref();
  (lifeline as unknown as { unref(): void }).unref();
  (server.stderr as unknown as { unref(): void }).unref();
  return server;
}

function ready(server: ChildProcess, when: RegExp): Promise<void> {
  return new Promise((resolve, reject) => {
    let log = '';
    server.stderr?.setEncoding('utf8').on('data', (text: string) => {
      log = (log + text).slice(-4_000);
      if (when.test(log)) resolve();
    });
    server.once('error', reject);
    server.once('exit', () => reject(new Error(`It did not start:\n${log}`)));
  });
}

/** The process and its children, by their ids. */
export async function withChildren(pid: number): Promise<readonly number[]> {
  const { stdout } = await run('ps', ['-A', '-o', 'pid=,ppid=']);
  const children = stdout
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number))
    .filter(([, parent]) => parent === pid)
    .flatMap(([child]) => (child === undefined ? [] : [child]));
  return [pid, ...children];
}

/** Sends a signal to a process that may have ended in the meantime. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {}
}
