import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadPriceList } from '../../../exporter/pipeline/price-list.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const unexpected = (message: string) => assert.fail(message);

test('the settings choose the catalogue or the flat card', async () => {
  const catalogue = await loadPriceList({ pricing: 'catalogue', prices: undefined }, unexpected);
  assert.match(catalogue.name, /^catalogue@/);
  const flat = await loadPriceList({ pricing: 'flat', prices: undefined }, unexpected);
  assert.equal(flat.name, 'flat');
});

test('a price file that is missing, no JSON or not valid is reported, and the list goes without it', async (t) => {
  const dir = await temporaryFolder(t);
  await writeFile(join(dir, 'no-json'), '{');
  await writeFile(join(dir, 'invalid'), '{"provider":"own","entries":[{"models":["m"]}]}');
  for (const name of ['missing', 'no-json', 'invalid']) {
    const warnings: string[] = [];
    const prices = join(dir, name);
    const list = await loadPriceList({ pricing: 'catalogue', prices }, (text) => warnings.push(text));
    assert.match(list.name, /^catalogue@/);
    assert.equal(warnings.length, 1);
    assert.ok(warnings[0]?.includes(prices), warnings[0]);
  }
});
