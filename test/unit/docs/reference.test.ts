import { test } from 'node:test';
import { apiSections } from '../../support/docs/api-page.ts';
import { cliSections } from '../../support/docs/cli-page.ts';
import { isGenerated } from '../../support/docs/generated.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

test('docs/api.md has every export of the package, as its types say it', () =>
  isGenerated('docs/api.md', 'api', apiSections()));

test('docs/cli.md has what each command says of itself', async (t) =>
  isGenerated('docs/cli.md', 'cli', await cliSections(await temporaryFolder(t))));
