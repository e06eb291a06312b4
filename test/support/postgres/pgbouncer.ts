import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, chownSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serverAccount } from './account.ts';
import { USER } from './data.ts';
import { launch } from './process.ts';
import { freePort } from './server.ts';

/** Why there is none; undefined where there is. */
export const noPgBouncer: string | undefined = program()
  ? undefined
  : 'PgBouncer is not installed (Debian: apt-get install pgbouncer)';

/** A PgBouncer in transaction mode in front of a database, with fewer connections to it than its clients have. */
export class PgBouncer {
  readonly #folder: string;
  readonly #port: number;
  #process: ChildProcess | undefined;

  private constructor(folder: string, port: number) {
    this.#folder = folder;
    this.#port = port;
  }

  static async start(databaseUrl: string, connections: number): Promise<PgBouncer> {
    const folder = await mkdtemp(join(tmpdir(), 'earshot-pgbouncer-'));
    const account = await serverAccount();
    if (account !== undefined) chownSync(folder, account.uid, account.gid);
    const port = await freePort();
    const settings = {
      listen_addr: '127.0.0.1',
      listen_port: port,
      unix_socket_dir: '',
      auth_type: 'any',
      pool_mode: 'transaction',
      default_pool_size: connections,
      max_client_conn: 500,
      server_login_retry: 1,
    };
    const lines = Object.entries(settings).map(([name, value]) => `${name} = ${value}`);
    const database = `* = host=127.0.0.1 port=${new URL(databaseUrl).port} user=${USER}`;
    await writeFile(
      join(folder, 'pgbouncer.ini'),
      ['[databases]', database, '[pgbouncer]', ...lines, ''].join('\n'),
    );
    const bouncer = new PgBouncer(folder, port);
    await bouncer.up();
    return bouncer;
  }

  /** The database's URL through it. */
  through(databaseUrl: string): string {
    const url = new URL(databaseUrl);
    url.port = String(this.#port);
    return url.href;
  }

  async up(): Promise<void> {
    this.#process = await launch({
      command: [program() ?? '', join(this.#folder, 'pgbouncer.ini')],
      folder: this.#folder,
      account: await serverAccount(),
      readyWhen: /process up/,
    });
  }

  /** Ends it at once: its clients are cut off. */
  async kill(): Promise<void> {
    const bouncer = this.#process;
    this.#process = undefined;
    if (bouncer === undefined) return;
    bouncer.ref();
    const exited = once(bouncer, 'exit');
    bouncer.kill('SIGKILL');
    await exited;
  }

  async stop(): Promise<void> {
    await this.kill();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

function program(): string | undefined {
  const folders = ['/usr/sbin', '/usr/bin', '/usr/local/bin', '/opt/homebrew/bin'];
  return folders
    .map((folder) => join(folder, 'pgbouncer'))
    .find((path) => {
      try {
        accessSync(path);
        return true;
      } catch {
        return false;
      }
    });
}
