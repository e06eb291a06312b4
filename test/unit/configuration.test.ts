import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { packageRoot } from '../support/root.ts';
import { settingsTable } from '../support/settings-table.ts';

const PATH = join(packageRoot, 'docs/configuration.md');
const TABLE = /(<!-- settings -->\n)[^]*?(\n<!-- \/settings -->)/;

test('docs/configuration.md has every setting, as settings.ts has it', () => {
  const page = readFileSync(PATH, 'utf8');
  assert.match(page, TABLE);
  const current = page.replace(TABLE, (_, before, after) => `${before}${settingsTable()}${after}`);
  if (process.env['EARSHOT_UPDATE_DOCS'] === '1') writeFileSync(PATH, current);
  else
    assert.equal(
      page,
      current,
      'out of date: npm run build && EARSHOT_UPDATE_DOCS=1 node scripts/test.mjs configuration',
    );
});
