// Runs the built tests under other Node versions: `node scripts/matrix.mjs [22 24 …] [PART …]`.
// The binaries come from npm (packages node-PLATFORM-ARCH, plain archives without install scripts) into a temporary
// folder; nothing else of the machine changes.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../', import.meta.url));
const asked = process.argv.slice(2);
const versions = asked.filter((argument) => /^\d+$/.test(argument));
const parts = asked.filter((argument) => !/^\d+$/.test(argument));
const name = `node-${process.platform}-${process.arch}`;
const folder = mkdtempSync(join(tmpdir(), 'earshot-matrix-'));
let failed = false;
try {
  for (const version of versions.length > 0 ? versions : ['22', '24']) {
    const prefix = join(folder, version);
    execFileSync(
      'npm',
      ['install', '--prefix', prefix, '--ignore-scripts', '--no-save', `${name}@${version}`],
      {
        stdio: ['ignore', 'ignore', 'inherit'],
      },
    );
    const node = join(prefix, 'node_modules', name, 'bin', 'node');
    console.log(`\n== ${execFileSync(node, ['--version'], { encoding: 'utf8' }).trim()}`);
    const { status } = spawnSync(node, ['scripts/test.mjs', ...parts], { cwd: root, stdio: 'inherit' });
    failed ||= status !== 0;
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exitCode = failed ? 1 : 0;
