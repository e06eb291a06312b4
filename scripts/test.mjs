// Runs the built tests. `node scripts/test.mjs [PART ...]` runs those whose path contains one of the parts.
// Those of test/stack need programs that scripts/stack.mjs builds first.
// (Node 20's own runner takes every file below a folder called test for a test, and has no globs.)
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../', import.meta.url));
const parts = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
const options = process.argv.slice(2).filter((argument) => argument.startsWith('--'));
const tests = readdirSync(`${root}dist/test`, { recursive: true })
  .filter((path) => path.endsWith('.test.js') && !path.startsWith('stack/'))
  .filter((path) => parts.length === 0 || parts.some((part) => path.includes(part)))
  .sort()
  .map((path) => `dist/test/${path}`);
if (tests.length === 0) {
  console.error(`No test matches ${parts.join(', ')}. Is it built? (npm run build)`);
  process.exit(2);
}
const node = spawn(process.execPath, ['--test', '--test-concurrency=3', ...options, ...tests], {
  cwd: root,
  stdio: 'inherit',
});
node.on('exit', (code, signal) => process.exit(signal ? 1 : (code ?? 1)));
