import { type ChildProcess, execFile } from 'node:child_process';
import { once } from 'node:events';
import { chown, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import type { ServerSettings, Standby } from '../postgres.ts';
import type { Account } from './account.ts';
import { MIGRATED, USER } from './data.ts';
import { launch, signal, withChildren } from './process.ts';

const run = promisify(execFile);

const PORT_ATTEMPTS = 5;

/** A server whose data are in `folder`; it is down at first. */
export class Server implements Standby {
  readonly binFolder: string;
  readonly #folder: string;
  readonly #account: Account | undefined;
  readonly #settings: ServerSettings;
  #port: number | undefined;
  #process: ChildProcess | undefined;
  #paused: readonly number[] = [];
  #databases = 0;

  constructor(folder: string, binFolder: string, account: Account | undefined, settings: ServerSettings) {
    this.#settings = settings;
    this.#folder = folder;
    this.binFolder = binFolder;
    this.#account = account;
  }

  get url(): string {
    return this.#urlOf('postgres');
  }

  /** Where its data are. */
  get data(): string {
    return join(this.#folder, 'data');
  }

  async createDatabase(name: string = this.#nextName()): Promise<string> {
    await this.#ask(`CREATE DATABASE ${name}`);
    return this.#urlOf(name);
  }

  async createMigrated(): Promise<string> {
    const name = this.#nextName();
    const client = new pg.Client({ connectionString: this.url });
    await client.connect();
    try {
      const { rows } = await client.query<{ major: number }>(
        `SELECT current_setting('server_version_num')::int / 10000 AS major`,
      );
      // Files are copied in half the time that pages through the log take; before 15 they always are.
      const strategy = (rows[0]?.major ?? 0) >= 15 ? 'STRATEGY file_copy' : '';
      await client.query(`CREATE DATABASE ${name} TEMPLATE ${MIGRATED} ${strategy}`);
    } finally {
      await client.end();
    }
    return this.#urlOf(name);
  }

  #nextName(): string {
    this.#databases += 1;
    return `test_${this.#databases}`;
  }

  async #ask(...statements: readonly string[]): Promise<void> {
    const client = new pg.Client({ connectionString: this.url });
    await client.connect();
    try {
      for (const statement of statements) await client.query(statement);
    } finally {
      await client.end();
    }
  }

  async up(): Promise<void> {
    if (this.#process !== undefined) return;
    const fixed = this.#port;
    for (let attempt = 1; ; attempt += 1) {
      const port = fixed ?? (await freePort());
      try {
        this.#process = await this.#launch(port);
        this.#port = port;
        return;
      } catch (error) {
        // Another process took the port; or, after a kill, old backends have not noticed yet.
        const passing = /could not bind|already in use|pre-existing shared memory|lock file/i.test(
          String(error),
        );
        if (!passing || attempt >= (fixed === undefined ? PORT_ATTEMPTS : 100)) throw error;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
  }

  down(): Promise<void> {
    return this.#end('SIGINT');
  }

  kill(): Promise<void> {
    return this.#end('SIGQUIT');
  }

  async pause(): Promise<void> {
    const pid = this.#process?.pid;
    if (pid === undefined) return;
    this.#paused = await withChildren(pid);
    for (const each of this.#paused) signal(each, 'SIGSTOP');
  }

  async resume(): Promise<void> {
    for (const each of this.#paused) signal(each, 'SIGCONT');
    this.#paused = [];
  }

  readOnly(on: boolean): Promise<void> {
    return this.#ask(
      `ALTER SYSTEM SET default_transaction_read_only = ${on ? 'on' : 'off'}`,
      'SELECT pg_reload_conf()',
    );
  }

  async standby(): Promise<Standby> {
    const folder = await mkdtemp(join(tmpdir(), 'earshot-postgres-'));
    if (this.#account !== undefined) await chown(folder, this.#account.uid, this.#account.gid);
    await this.down();
    await run('cp', ['-Rp', this.data, join(folder, 'data')]);
    await this.up();
    const standby = new Server(folder, this.binFolder, this.#account, {
      ...this.#settings,
      primary_conninfo: `host=127.0.0.1 port=${this.#port} user=${USER}`,
    });
    await writeFile(join(standby.data, 'standby.signal'), '');
    await standby.up();
    await this.#ask(`ALTER SYSTEM SET synchronous_standby_names = '*'`, 'SELECT pg_reload_conf()');
    return standby;
  }

  promote(): Promise<void> {
    return this.#ask('SELECT pg_promote()');
  }

  async stop(): Promise<void> {
    await this.kill();
    await rm(this.#folder, { recursive: true, force: true });
  }

  #urlOf(database: string): string {
    return `postgres://${USER}@127.0.0.1:${this.#port}/${database}`;
  }

  async #end(name: NodeJS.Signals): Promise<void> {
    await this.resume();
    const server = this.#process;
    this.#process = undefined;
    if (server === undefined || server.exitCode !== null || server.signalCode !== null) return;
    server.ref();
    const exited = once(server, 'exit');
    server.kill(name);
    await exited;
  }

  #launch(port: number): Promise<ChildProcess> {
    const settings = {
      listen_addresses: '127.0.0.1',
      port,
      // All connect over TCP, and the path of a socket may be too long.
      unix_socket_directories: '',
      max_connections: 100,
      shared_buffers: '16MB',
      fsync: 'off',
      full_page_writes: 'off',
      logging_collector: 'off',
      log_destination: 'stderr',
      ...this.#settings,
    };
    const command = [
      ...[join(this.binFolder, 'postgres'), '-D', this.data],
      ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
    ];
    return launch({ command, folder: this.#folder, account: this.#account });
  }
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('No port.');
  return address.port;
}
