import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import * as instrument from '../../../instrumentation/instrument.ts';
import { SDKS } from '../../../instrumentation/sdks/index.ts';
import { packageRoot } from '../../support/root.ts';
import { aboutPath, sdkSections, sdkUses } from '../../support/sdks-docs.ts';

const PART = /(<!-- sdks -->\n)([\s\S]*?)(<!-- \/sdks -->)/;
const FOLDER = join(packageRoot, 'instrumentation/sdks');

/** The generated part of a page is what the SDKs' folders say; with EARSHOT_UPDATE_DOCS=1 it is written. */
function isGenerated(page: string, expected: string): void {
  const path = join(packageRoot, page);
  const written = readFileSync(path, 'utf8');
  if (process.env.EARSHOT_UPDATE_DOCS === '1')
    writeFileSync(
      path,
      written.replace(PART, (_, before, _old, after) => `${before}${expected}${after}`),
    );
  else
    assert.deepEqual(
      PART.exec(written)?.[2]?.split('\n'),
      expected.split('\n'),
      `${page} is out of date: npm run build && EARSHOT_UPDATE_DOCS=1 node scripts/test.mjs sdks/docs`,
    );
}

describe('what is said of the SDKs', () => {
  it('has a section for each in docs/sdks.md', () => isGenerated('docs/sdks.md', sdkSections()));

  it('is the table of packages in README.md', () => isGenerated('README.md', sdkUses()));

  it('is a folder for each provider', () => {
    const folders = readdirSync(FOLDER, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && entry.name !== 'kit')
      .map(({ name }) => name);
    assert.deepEqual([...new Set(SDKS.map(({ folder }) => folder))].sort(), folders.sort());
  });

  it('is one page for each SDK, and none of another', () => {
    const pages = readdirSync(FOLDER, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.md'))
      .map((name) => join('instrumentation/sdks', name));
    assert.deepEqual(SDKS.map(aboutPath).sort(), pages.sort());
  });

  it('is a function of earshot/instrument for each way to hand it over', () => {
    // One function may be for several packages.
    const named = [...new Set(SDKS.flatMap(({ byHand }) => Object.keys(byHand)))];
    assert.deepEqual(named.toSorted(), Object.keys(instrument).sort());
  });
});
