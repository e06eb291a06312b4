// The built tests with another version of @opentelemetry/api than the one in the lock file.
import { execFileSync, spawnSync } from 'node:child_process';
import { linkSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';

const VERSION = '1.10.0';
/** What registers with the API, or is registered. The others never see which version it is. */
const PARTS = [
  'e2e/register',
  'integration/otel/succession',
  'unit/instrumentation',
  'integration/sdks/ai',
  'bundled',
];

/** Runs them in a copy of the package. True when they pass. */
export function testWithApi(root, parts) {
  const copy = copyOf(root);
  try {
    const api = join(copy, 'node_modules/@opentelemetry/api');
    rmSync(api, { recursive: true });
    mkdirSync(api);
    const [tarball] = execFileSync(
      'npm',
      ['pack', '--silent', '--pack-destination', copy, `@opentelemetry/api@${VERSION}`],
      {
        encoding: 'utf8',
      },
    ).split('\n');
    execFileSync('tar', ['xzf', join(copy, tarball), '--strip-components=1', '-C', api]);
    console.log(`\n== @opentelemetry/api ${VERSION}`);
    const tests = parts.length > 0 ? parts : PARTS;
    return (
      spawnSync(process.execPath, ['scripts/test.mjs', ...tests], { cwd: copy, stdio: 'inherit' }).status ===
      0
    );
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

/** A copy of the package in which others may be replaced: below `dist`, so that its files can be linked. */
export function copyOf(root) {
  const copy = mkdtempSync(join(root, 'dist/copy-'));
  for (const { name } of readdirSync(root, { withFileTypes: true })) {
    if (['.git', 'dist', 'node_modules'].includes(name)) continue;
    symlinkSync(join(root, name), join(copy, name));
  }
  link(join(root, 'dist'), join(copy, 'dist'), (name) => name.startsWith('copy-'));
  link(join(root, 'node_modules'), join(copy, 'node_modules'));
  return copy;
}

/** The same files, hard-linked. */
function link(from, to, leaveOut = () => false) {
  mkdirSync(to);
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    if (leaveOut(entry.name)) continue;
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) link(source, target);
    else linkSync(source, target);
  }
}
