import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { composeFile } from '../../support/deployment.ts';
import { packageRoot } from '../../support/root.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const DIGEST = `sha256:${'0123456789abcdef'.repeat(4)}`;

test('scripts/pin-images.mjs writes every image that is not built here with the digest of its tag', async (t) => {
  const folder = await temporaryFolder(t);
  const { services } = composeFile();
  // Stands in for Docker: there is no registry here.
  const docker = `#!/usr/bin/env node
const args = process.argv.slice(2);
console.log(args[0] === 'compose' ? ${JSON.stringify(JSON.stringify({ services }))} : '{"digest":"${DIGEST}"}');
`;
  await mkdir(join(folder, 'scripts'));
  await cp(join(packageRoot, 'scripts/pin-images.mjs'), join(folder, 'scripts/pin-images.mjs'));
  await writeFile(join(folder, 'docker'), docker, { mode: 0o755 });
  execFileSync(process.execPath, ['scripts/pin-images.mjs'], {
    cwd: folder,
    env: { PATH: `${folder}${delimiter}${process.env.PATH}` },
  });
  const written = parse(await readFile(join(folder, 'docker-compose.images.yml'), 'utf8'));
  const pulled = Object.entries(services).filter(([, { build }]) => build === undefined);
  assert.deepEqual(
    written.services,
    Object.fromEntries(pulled.map(([name, { image }]) => [name, { image: `${image}@${DIGEST}` }])),
  );
});
