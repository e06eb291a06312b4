import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { PipelineMetrics } from '../../exporter/metrics/pipeline-metrics.ts';
import { Backend } from '../../exporter/receiver/backend.ts';
import { createLog } from '../../exporter/receiver/log.ts';
import { Receiver, type ReceiverOptions } from '../../exporter/receiver/receiver.ts';
import { openPostgres } from '../../exporter/store/index.ts';
import { readSettings } from '../../model/settings.ts';
import { KEEPS_CONVERSATIONS } from './conversation.ts';
import { poll } from './poll.ts';
import { WASM_OPTIONS } from './wasm.ts';

/** A receiver in this process. */
export interface TestReceiver {
  readonly url: string;
  readonly receiver: Receiver;
  readonly metrics: PipelineMetrics;
  readonly logLines: readonly string[];
}

/** A receiver and its backend on the database, stopped with the test. */
export async function startReceiver(
  t: Pick<TestContext, 'after'>,
  databaseUrl: string,
  {
    finalizeDelay = 50,
    statementTimeoutMs = 5_000,
    ...options
  }: Partial<ReceiverOptions> & { finalizeDelay?: number; statementTimeoutMs?: number } = {},
): Promise<TestReceiver> {
  const settings = readSettings({ env: {}, overrides: { finalizeDelay, ...KEEPS_CONVERSATIONS } });
  const database = openPostgres({ url: databaseUrl, connectTimeoutMs: 2_000, statementTimeoutMs });
  const logLines: string[] = [];
  const log = createLog({ level: 'debug', format: 'json', write: (line) => void logLines.push(line) });
  const metrics = new PipelineMetrics();
  const backend = new Backend({ database, settings, metrics, log });
  const receiver = await Receiver.start({
    ...settings,
    recordings: undefined,
    port: 0,
    backend,
    pipelineMetrics: metrics,
    metricsEndpoint: { render: async () => ({ contentType: 'text/plain', body: '' }) },
    log,
    ...options,
  });
  t.after(async () => {
    await receiver.stop(500);
    await backend.stop(500);
    await database.close();
    metrics.shutdown();
  });
  backend.start();
  return { url: receiver.url, receiver, metrics, logLines };
}

/** Waits until the receiver says that it is ready. */
export const untilReady = (url: string): Promise<unknown> =>
  poll(async () => (await fetch(`${url}/readyz`)).status === 200, {
    intervalMs: 50,
    what: `${url} is ready`,
  });

/** `earshot serve` in a process of its own. */
export interface ServeProcess {
  readonly url: string;
  readonly pid: number;
  /** Whole lines of its log so far. */
  lines(): Record<string, unknown>[];
  kill(signal: NodeJS.Signals): void;
  /** Resolves when it has ended. */
  readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null; stderr: string }>;
}

const CLI = fileURLToPath(new URL('../../cli/main.js', import.meta.url));

/** Starts `earshot serve` at a free port and waits until it listens; killed with the test. */
export async function startServe(
  t: Pick<TestContext, 'after'>,
  env: Readonly<Record<string, string>>,
  as: { readonly uid?: number; readonly gid?: number; readonly cwd?: string } = {},
): Promise<ServeProcess> {
  const child = spawn(process.execPath, [...WASM_OPTIONS, CLI, 'serve'], {
    ...as,
    env: {
      PATH: process.env.PATH,
      EARSHOT_PORT: '0',
      EARSHOT_FINALIZE_DELAY: '50ms',
      EARSHOT_SPAN_RETENTION: '3650d',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const ended = once(child, 'close').then(([code, signal]) => ({ code, signal, stderr }));
  t.after(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  const lines = () =>
    stdout
      .slice(0, stdout.lastIndexOf('\n') + 1)
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  const url = await poll(
    () => {
      if (child.exitCode !== null) throw new Error(`earshot serve ended: ${stderr}${stdout}`);
      return lines().find(({ message }) => message === 'listening')?.url as string | undefined;
    },
    { what: 'earshot serve listens' },
  );
  return { url, pid: child.pid ?? 0, lines, kill: (signal) => void child.kill(signal), ended };
}
