import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Assets, PageNotBuiltError } from '../../../ui/server/assets.ts';

test('a page that is not built says so, and what makes it', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'earshot-page-'));
  t.after(() => rm(folder, { recursive: true }));
  for (const missing of [folder, join(folder, 'web/')])
    assert.throws(() => new Assets(missing), {
      name: PageNotBuiltError.name,
      message: new RegExp(`^the page is not built: there is no index.html in ${missing}\\. .*npm run build`),
    });
});
