import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { LATENCIES, SEGMENTS } from '../../../model/vocabulary.ts';
import { packageRoot } from '../../support/root.ts';
import { GOLDEN_CALLS } from './golden.ts';

const page = readFileSync(join(packageRoot, 'docs/definitions.md'), 'utf8');

test('the numbers of the worked example are those of the golden call', () => {
  const example = page.slice(page.indexOf('### Example'), page.indexOf('## Usage'));
  const shown = [...example.matchAll(/^\| `(\w+)` \| ([\d.]+) \|$/gm)];
  const turn = GOLDEN_CALLS.find(({ name }) => name === 'plain')?.logs[1];
  assert.ok(shown.length >= SEGMENTS.length + 1);
  for (const [, column = '', seconds] of shown) assert.equal(Number(seconds), turn?.[column], column);
});

test('every latency and every segment is defined', () => {
  for (const column of [...LATENCIES, ...SEGMENTS.map((segment) => `segment_${segment}`)]) {
    assert.ok(page.includes(`| \`${column}\` |`), column);
  }
});
