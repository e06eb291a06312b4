import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../root.ts';

/** The part of a page between `<!-- NAME -->` and `<!-- /NAME -->` is `expected`; with EARSHOT_UPDATE_DOCS=1 it is written. */
export function isGenerated(page: string, name: string, expected: string): void {
  const path = join(packageRoot, page);
  const written = readFileSync(path, 'utf8');
  const part = new RegExp(`(<!-- ${name} -->\n)([\\s\\S]*?)(<!-- /${name} -->)`);
  if (process.env.EARSHOT_UPDATE_DOCS === '1')
    writeFileSync(
      path,
      written.replace(part, (_, before, _old, after) => `${before}${expected}${after}`),
    );
  else
    assert.deepEqual(
      part.exec(written)?.[2]?.split('\n'),
      expected.split('\n'),
      `${page} is out of date: npm run build && EARSHOT_UPDATE_DOCS=1 node scripts/test.mjs unit/docs`,
    );
}
