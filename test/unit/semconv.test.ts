import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { ATTRIBUTES, type Definition, EVENTS, METRICS, SPANS } from '../../model/semconv.ts';
import { packageRoot } from '../support/root.ts';

const tables = { ATTR: ATTRIBUTES, SPAN: SPANS, EVENT: EVENTS, METRIC: METRICS } as const;
const definitions: Definition[] = Object.values(tables).flatMap((table) => Object.values<Definition>(table));

/** The sources that write or read names: everything that is shipped. */
const sources = ['model', 'instrumentation', 'exporter', 'cli']
  .flatMap((folder) =>
    readdirSync(`${packageRoot}/${folder}`, { recursive: true, encoding: 'utf8' }).map(
      (path) => `${folder}/${path}`,
    ),
  )
  .filter((path) => path.endsWith('.ts') && path !== 'model/semconv.ts')
  .map((path) => ({ path, text: readFileSync(`${packageRoot}/${path}`, 'utf8') }));

test('every name says what it means, what it can reveal, and its unit where it has one', () => {
  for (const { name, brief, privacy, example, unit } of definitions) {
    assert.match(name, /^[a-z][a-z0-9_.]*$/, name);
    assert.ok(brief.length > 3, name);
    assert.ok(['none', 'identifier', 'content'].includes(privacy), name);
    assert.notEqual(example, undefined, name);
    if (/(latency|ttfb|_seconds|time_to)/.test(name)) assert.equal(unit, 's', `${name} is a time`);
  }
});

test('a name is defined once in its table', () => {
  for (const table of Object.values(tables)) {
    const names = Object.values<Definition>(table).map(({ name }) => name);
    assert.deepEqual(names, [...new Set(names)]);
  }
});

test('every name is used', () => {
  for (const [map, table] of Object.entries(tables))
    for (const key of Object.keys(table)) {
      const used = new RegExp(`\\b(${map}|${map === 'ATTR' ? 'ATTRIBUTES' : `${map}S`})\\.${key}\\b`);
      assert.ok(
        sources.some(({ text }) => used.test(text)),
        `${map}.${key} is used nowhere`,
      );
    }
});

test('no name is spelled anywhere but in its table', () => {
  const dotted = new Set(definitions.map(({ name }) => name).filter((name) => name.includes('.')));
  for (const { path, text } of sources) {
    const code = text.replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '');
    for (const [, literal] of code.matchAll(/['"`]([a-z][a-z0-9_]*(?:\.[a-z0-9_]+)+)['"`]/g))
      assert.ok(!dotted.has(literal ?? ''), `${path} spells ${literal}: use the constant of semconv.ts`);
  }
});
