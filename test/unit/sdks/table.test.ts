import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import * as instrument from '../../../instrumentation/instrument.ts';
import { SDKS } from '../../../instrumentation/sdks/index.ts';
import { packageRoot } from '../../support/root.ts';
import { sdksTable } from '../../support/sdks-table.ts';

const PATH = join(packageRoot, 'docs/sdks.md');
const TABLE = /(<!-- sdks -->\n)([\s\S]*?)(<!-- \/sdks -->)/;

test('docs/sdks.md has every SDK, as the code has it', () => {
  const page = readFileSync(PATH, 'utf8');
  const table = `${sdksTable()}\n`;
  if (process.env.EARSHOT_UPDATE_DOCS === '1')
    writeFileSync(
      PATH,
      page.replace(TABLE, (_, before, _old, after) => `${before}${table}${after}`),
    );
  else
    assert.deepEqual(
      TABLE.exec(page)?.[2]?.split('\n'),
      table.split('\n'),
      'out of date: npm run build && EARSHOT_UPDATE_DOCS=1 node scripts/test.mjs sdks/table',
    );
});

test('every SDK can be instrumented by hand, and every function for it belongs to one', () => {
  const named = SDKS.flatMap(({ byHand }) => byHand);
  assert.deepEqual(named.toSorted(), Object.keys(instrument).sort());
});
