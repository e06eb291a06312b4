import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { packageRoot } from '../../support/root.ts';

/** Pieces of a line between its variable parts; shorter ones are punctuation. */
const SHORTEST_PIECE = 3;

/** A file's text with the strings that were broken over lines put together. */
const read = (path: string): string =>
  readFileSync(join(packageRoot, path), 'utf8').replaceAll(/['`] \+\s*['`]/g, '');

const SOURCES = ['cli', 'exporter', 'instrumentation', 'model', 'ui/server'].flatMap((folder) =>
  readdirSync(join(packageRoot, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.startsWith('generated'))
    .map((name) => read(join(folder, name))),
);

const lines = [
  ...readFileSync(join(packageRoot, 'docs/troubleshooting.md'), 'utf8').matchAll(/^- `([^`]+)`:/gm),
].map(([, line = '']) => line);

test('the page quotes lines', () => assert.ok(lines.length > 30, `${lines.length}`));

for (const line of lines)
  test(`a program can print: ${line}`, () => {
    const pieces = line.split('…').filter((piece) => piece.trim().length >= SHORTEST_PIECE);
    assert.ok(
      SOURCES.some((source) => pieces.every((piece) => source.includes(piece))),
      `no source has ${JSON.stringify(pieces)}`,
    );
  });
