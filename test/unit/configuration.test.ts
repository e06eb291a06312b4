import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { packageRoot } from '../support/root.ts';
import { settingsTable } from '../support/settings-table.ts';

const PATH = join(packageRoot, 'docs/configuration.md');
const TABLE = /(<!-- settings -->\n)([\s\S]*?)(\n<!-- \/settings -->)/;

test('docs/configuration.md has every setting, as settings.ts has it', () => {
  const page = readFileSync(PATH, 'utf8');
  const table = settingsTable();
  if (process.env.EARSHOT_UPDATE_DOCS === '1')
    writeFileSync(
      PATH,
      page.replace(TABLE, (_, before, _old, after) => `${before}${table}${after}`),
    );
  else
    assert.deepEqual(
      TABLE.exec(page)?.[2]?.split('\n'),
      table.split('\n'),
      'out of date: npm run build && EARSHOT_UPDATE_DOCS=1 node scripts/test.mjs configuration',
    );
});
