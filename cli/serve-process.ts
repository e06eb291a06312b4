import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { CommandError } from './command.ts';

/** `earshot serve` in a process of its own. */
export interface ServeProcess {
  /** Where it takes spans. */
  readonly url: string;
  /** Asks it to stop and waits until it has. */
  stop(): Promise<void>;
}

const START_DEADLINE_MS = 60_000;

/**
 * Starts `earshot serve` on a free port of this machine, writing to `databaseUrl`.
 * @param more - of its environment (default: none)
 * @throws CommandError when it does not come to listen.
 */
export async function startServe(
  databaseUrl: string,
  more: Readonly<Record<string, string>> = {},
): Promise<ServeProcess> {
  const main = fileURLToPath(new URL('./main.js', import.meta.url));
  const child = spawn(process.execPath, [main, 'serve', '--host', '127.0.0.1', '--port', '0'], {
    env: {
      ...process.env,
      ...more,
      EARSHOT_DATABASE_URL: databaseUrl,
      EARSHOT_LOG_FORMAT: 'json',
      EARSHOT_LOG_LEVEL: 'info',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const stop = async () => {
    child.kill('SIGTERM');
    await exited;
  };
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), START_DEADLINE_MS);
  });
  const listening = new Promise<string>((resolve) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      const { url } = JSON.parse(line) as { url?: string };
      if (url !== undefined) resolve(url);
    });
  });
  const url = await Promise.race([listening, late, exited.then(() => undefined)]);
  clearTimeout(timer);
  if (url !== undefined) return { url, stop };
  await stop();
  throw new CommandError('earshot serve did not start; see its messages above.');
}
