import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import pg from 'pg';
import type { ServerSettings, TestPostgres } from '../postgres.ts';
import type { Account } from './account.ts';
import { USER } from './data.ts';
import { launch, signal, withChildren } from './process.ts';

const PORT_ATTEMPTS = 5;

/** A server whose data are in `folder`; it is down at first. */
export class Server implements TestPostgres {
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

  async createDatabase(): Promise<string> {
    this.#databases += 1;
    const name = `test_${this.#databases}`;
    const client = new pg.Client({ connectionString: this.url });
    await client.connect();
    try {
      await client.query(`CREATE DATABASE ${name}`);
    } finally {
      await client.end();
    }
    return this.#urlOf(name);
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

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('No port.');
  return address.port;
}
