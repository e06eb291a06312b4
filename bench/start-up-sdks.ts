import { execFileSync } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inTurn } from './measure.ts';
import type { BenchResult } from './result.ts';
import { wallTimeMs } from './start-up.ts';

const RUNS = 15;

const PACKAGE = fileURLToPath(new URL('../../', import.meta.url));
const REGISTER = 'dist/agent/instrumentation/register.js';

/**
 * Wall time of a program that imports no SDK under `--import earshot/register`: where every supported SDK is installed,
 * and where none is. The two are this checkout and a copy of what `npm install earshot` brings.
 */
export async function benchStartUpWithSdks(runs: number = RUNS): Promise<BenchResult[]> {
  const folder = await mkdtemp(join(tmpdir(), 'earshot-bench-'));
  try {
    const program = join(folder, 'empty.mjs');
    await writeFile(program, 'process.exit();');
    await copyWithoutSdks(folder);
    const { all, none } = await inTurn(runs, {
      all: () => wallTimeMs(['--import', join(PACKAGE, REGISTER), program]),
      none: () => wallTimeMs(['--import', join(folder, REGISTER), program]),
    });
    return [
      {
        name: 'start-up with every SDK installed',
        ours: all,
        baseline: none,
        unit: 'ms',
        note: `a whole program that imports none of them, against none installed; ${runs} runs each, in turn, medians`,
      },
    ];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function copyWithoutSdks(folder: string): Promise<void> {
  const list = execFileSync('npm', ['ls', '--omit=dev', '--all', '--parseable'], {
    cwd: PACKAGE,
    encoding: 'utf8',
  });
  const packages = list.split('\n').filter((path) => path.includes('node_modules'));
  for (const path of [join(PACKAGE, 'package.json'), join(PACKAGE, 'dist'), ...packages]) {
    const to = join(folder, relative(PACKAGE, path));
    await mkdir(join(to, '..'), { recursive: true });
    await cp(path, to, { recursive: true });
  }
}
