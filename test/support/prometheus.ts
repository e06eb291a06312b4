import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { poll } from './poll.ts';

/** A real Prometheus, with nothing in it but what it scrapes. */
export interface TestPrometheus {
  readonly url: string;
  readonly version: string;
  /** What an expression is now. */
  query(expr: string): Promise<readonly Sample[]>;
  stop(): Promise<void>;
}

/** One series of an answer. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** `prometheus --version` in one line; undefined where there is none. Debian: `apt-get install prometheus`. */
export function prometheusVersion(): string | undefined {
  try {
    const text = execFileSync('prometheus', ['--version'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return /version (\S+)/.exec(text)?.[1] ?? 'unknown';
  } catch {
    return undefined;
  }
}

/**
 * Starts Prometheus at a free port of 127.0.0.1; it scrapes each page every second.
 * @param pages addresses by job
 */
export async function startPrometheus(pages: Readonly<Record<string, string>>): Promise<TestPrometheus> {
  const folder = await mkdtemp(join(tmpdir(), 'earshot-prometheus-'));
  const config = {
    global: { scrape_interval: '1s', scrape_timeout: '1s' },
    scrape_configs: Object.entries(pages).map(([job, address]) => {
      const { host, pathname } = new URL(address);
      return { job_name: job, metrics_path: pathname, static_configs: [{ targets: [host] }] };
    }),
  };
  // JSON is YAML.
  await writeFile(join(folder, 'prometheus.yml'), JSON.stringify(config));
  const port = await freePort();
  const server = spawn(
    'prometheus',
    [
      `--config.file=${folder}/prometheus.yml`,
      `--storage.tsdb.path=${folder}/data`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--log.level=warn',
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  const url = `http://127.0.0.1:${port}`;
  const stop = async () => {
    await end(server);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await poll(async () => (await fetch(`${url}/-/ready`)).ok, { deadlineMs: 30_000, intervalMs: 100 });
  } catch (error) {
    await stop();
    throw error;
  }
  return { url, version: prometheusVersion() ?? 'unknown', query: (expr) => query(url, expr), stop };
}

async function query(url: string, expr: string): Promise<Sample[]> {
  const response = await fetch(`${url}/api/v1/query`, {
    method: 'POST',
    body: new URLSearchParams({ query: expr }),
  });
  const { status, error, data } = (await response.json()) as {
    status: string;
    error?: string;
    data?: { result: { metric: Record<string, string>; value: [number, string] }[] };
  };
  if (status !== 'success' || data === undefined) throw new Error(`${error}: ${expr}`);
  return data.result.map(({ metric, value: [, value] }) => ({ labels: metric, value: Number(value) }));
}

async function end(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const exited = once(server, 'exit');
  server.kill('SIGTERM');
  await exited;
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
