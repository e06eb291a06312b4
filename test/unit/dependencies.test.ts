import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { packageRoot } from '../support/root.ts';

interface Manifest {
  name: string;
  dependencies?: Record<string, string>;
  peerDependencies?: Record<string, string>;
}

const read = (folder: string): Manifest => JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));

/** What an installation brings, without what only development needs. */
function installed(): Manifest[] {
  const found = new Map<string, Manifest>();
  const visit = (manifest: Manifest, within: string): void => {
    for (const name of Object.keys(manifest.dependencies ?? {})) {
      const nested = join(within, 'node_modules', name);
      const folder = existsSync(nested) ? nested : join(packageRoot, 'node_modules', name);
      if (found.has(folder)) continue;
      const dependency = read(folder);
      found.set(folder, dependency);
      visit(dependency, folder);
    }
  };
  visit(read(packageRoot), packageRoot);
  return [...found.values()];
}

test('every dependency takes each version of the API that we take: npm warns of one that does not', () => {
  assert.equal(read(packageRoot).peerDependencies?.['@opentelemetry/api'], '>=1.9.0 <2');
  const ranges = installed().map(({ name, dependencies, peerDependencies }) => [
    name,
    peerDependencies?.['@opentelemetry/api'] ?? dependencies?.['@opentelemetry/api'] ?? '^1.0.0',
  ]);
  assert.ok(ranges.some(([name]) => name === '@opentelemetry/api-logs'));
  assert.deepEqual(
    ranges.filter(([, range]) => !/^\^1\.[0-9]\.\d+$/.test(range ?? '')),
    [],
  );
});

test("no dependency of OpenTelemetry is pinned, which would be a second copy beside the application's", () => {
  const pinned = Object.entries(read(packageRoot).dependencies ?? {}).filter(
    ([name, range]) => name.startsWith('@opentelemetry/') && !range.startsWith('^'),
  );
  assert.deepEqual(pinned, []);
});
