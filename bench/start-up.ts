import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inTurn } from './measure.ts';
import type { BenchResult } from './result.ts';

const RUNS = 15;

const REGISTER = import.meta.resolve('earshot/register');
const AUTO = import.meta.resolve('@opentelemetry/auto-instrumentations-node/register');

/**
 * The same for both. Resource detectors: by default the other one asks the metadata services of every cloud, which takes
 * seconds where there is none. Logs are off in both, as they are by default in ours.
 */
const ENV = {
  PATH: process.env.PATH,
  OTEL_NODE_RESOURCE_DETECTORS: 'env,process,host',
  OTEL_LOGS_EXPORTER: 'none',
  OTEL_LOG_LEVEL: 'none',
};

/**
 * Wall time that `--import earshot/register` adds until an application's first line runs, next to what
 * `--import @opentelemetry/auto-instrumentations-node/register` adds. That line ends the program, so that a last export
 * is not counted. Medians, subtracted.
 *
 * Ours hooks `import`, which the other does not; below Node 22.22 that takes a thread of its own, some 60 ms of it all.
 */
export async function benchStartUp(runs: number = RUNS): Promise<BenchResult[]> {
  const folder = await mkdtemp(join(tmpdir(), 'earshot-bench-'));
  try {
    const program = join(folder, 'empty.mjs');
    await writeFile(program, 'process.exit();');
    const { plain, ours, auto } = await inTurn(runs, {
      plain: () => wallTimeMs([program]),
      ours: () => wallTimeMs(['--import', REGISTER, program]),
      auto: () => wallTimeMs(['--import', AUTO, program]),
    });
    return [
      {
        name: 'start-up',
        ours: ours - plain,
        baseline: auto - plain,
        unit: 'ms',
        note: `added before the first line of a program (${plain.toFixed(0)} ms), against auto-instrumentations-node; ${runs} runs each, in turn, medians`,
      },
    ];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** How long a program takes, from its start to its end, in milliseconds. */
export function wallTimeMs(args: string[]): Promise<number> {
  const startMs = performance.now();
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { env: ENV, stdio: 'ignore' });
    child.once('error', reject);
    child.once('exit', (code) =>
      code === 0
        ? resolve(performance.now() - startMs)
        : reject(new Error(`${args.join(' ')} ended with ${code}`)),
    );
  });
}
