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

test('what is said of a file that is no price file quotes nothing of it', async (t) => {
  const prices = join(await temporaryFolder(t), 'of-another-program.json');
  const secret = 's3cret-of-another-program';
  for (const content of [
    `password = ${secret}`,
    `{"password": "${secret}"`,
    `"${secret}"`,
    `["${secret}"]`,
    `{"${secret}!": 1}`,
    `{"provider": {"x": "${secret}"}, "entries": []}`,
    `{"provider": "p", "entries": ["${secret}"]}`,
    `{"provider": "p", "entries": [{"models": ["m"], "component": "${secret}"}]}`,
    `{"provider": "p", "entries": [{"models": ["m"], "component": "llm", "history": [{"valid_from": "${secret}"}]}]}`,
    `{"provider": "p", "entries": [{"models": ["${secret}\nm"], "component": 1}]}`,
  ]) {
    await writeFile(prices, content);
    const warnings: string[] = [];
    await loadPriceList({ pricing: 'catalogue', prices }, (text) => warnings.push(text));
    assert.equal(warnings.length, 1);
    assert.ok(!warnings[0]?.includes('s3cret'), warnings[0]);
  }
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
