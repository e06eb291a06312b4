import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type Database, openPostgres } from '../../exporter/store/index.ts';
import { getCallMetrics } from '../../exporter/store/read.ts';
import { documentedCommands } from '../support/docs/commands.ts';
import { codeBlocks, PAGES } from '../support/docs/pages.ts';
import { type ServeProcess, startServe, untilReady } from '../support/otlp-server.ts';
import { poll } from '../support/poll.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';
import { packageRoot } from '../support/root.ts';

const blocksOf = (page: string, language: string) =>
  PAGES.filter(({ path }) => path === page)
    .flatMap(codeBlocks)
    .filter((block) => block.language === language)
    .map(({ code }) => code);

/** The program of the page, whose call has an id of its own each time. */
function agent(): string {
  const [code = ''] = blocksOf('docs/guides/by-hand.md', 'js');
  assert.match(code, /id: 'call-1'/);
  return code.replace("id: 'call-1'", "id: process.env.CALL ?? 'call-1'");
}

/** A project as a user has it: earshot installed, an agent, a kustomization. */
async function makeProject(folder: string): Promise<void> {
  const modules = join(folder, 'node_modules');
  await mkdir(join(modules, '.bin'), { recursive: true });
  await mkdir(join(modules, '@opentelemetry'));
  await symlink(packageRoot, join(modules, 'earshot'));
  await symlink(join(packageRoot, 'node_modules/@opentelemetry/api'), join(modules, '@opentelemetry/api'));
  await symlink(join(packageRoot, 'node_modules/esbuild'), join(modules, 'esbuild'));
  const main = JSON.stringify(join(packageRoot, 'dist/cli/main.js'));
  await writeFile(join(modules, '.bin/earshot'), `#!/bin/sh\nexec node ${main} "$@"\n`, { mode: 0o755 });
  await symlink(join(packageRoot, 'node_modules/esbuild/bin/esbuild'), join(modules, '.bin/esbuild'));
  await mkdir(join(folder, 'apps'));
  await symlink(folder, join(folder, 'apps/agent'));
  await writeFile(join(folder, 'package.json'), '{"type":"module"}');
  for (const name of ['agent.js', 'agent.mjs', 'bundle.mjs']) await writeFile(join(folder, name), agent());
  const [kustomization = ''] = blocksOf('docs/guides/kubernetes.md', 'yaml');
  await writeFile(join(folder, 'kustomization.yaml'), kustomization);
}

describe('what the pages say to type', { concurrency: 3 }, () => {
  let postgres: TestPostgres;
  let folder: string;
  let url: string;
  let database: Database;
  let serve: ServeProcess;
  const stops: (() => unknown)[] = [];
  before(async () => {
    [postgres, folder] = await Promise.all([startPostgres(), mkdtemp(join(tmpdir(), 'earshot-docs-'))]);
    await makeProject(folder);
    url = await postgres.createDatabase();
    database = openPostgres({ url });
    serve = await startServe(
      { after: (stop) => void stops.push(stop as () => unknown) },
      { EARSHOT_DATABASE_URL: url },
    );
    await untilReady(serve.url);
  });
  after(async () => {
    for (const stop of stops) await stop();
    await database?.close();
    await postgres?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const commands = documentedCommands().flatMap(({ command, fate }) =>
    fate !== undefined && 'run' in fate && !command.startsWith('export ')
      ? [{ command, needs: fate.needs }]
      : [],
  );

  for (const [index, { command, needs }] of commands.entries()) {
    const missing = needs !== undefined && spawnSync(needs, ['--help']).error !== undefined;
    test(command, { skip: missing && `${needs} is not installed` }, async () => {
      const callId = `call-${index}`;
      const shell = shellIn(command.startsWith('npm sbom') ? packageRoot : folder, folder, {
        CALL: callId,
        ...(!command.includes('OTEL_EXPORTER_OTLP_ENDPOINT') && { EARSHOT_DATABASE_URL: url }),
      });
      const reports = command.startsWith('npx earshot report');
      if (reports) await shell('node --import earshot/register agent.js');
      const { stdout } = await shell(
        command
          .replace('postgres://user@host/db', url)
          .replace(/(?<=ENDPOINT=)http:\S+/, serve.url)
          .replace(/ CALL$/, ` ${callId}`)
          .replace('> ', `> ${folder}/`)
          .replace('=bundle.mjs', '=made.mjs'),
      );
      if (reports) assert.ok(stdout.includes(callId), stdout);
      if (command.startsWith('kubectl'))
        assert.match(stdout, /image: registry\.example\.com\/earshot:0\.1\.0/);
      if (!/^(?!npx).*(agent\.m?js|bundle\.mjs)$/.test(command)) return;
      await poll(() => getCallMetrics(database, callId), { what: `the row of ${callId}` });
    });
  }

  test('the SQL of the pages', async () => {
    await database.query(
      'DO $$ BEGIN CREATE ROLE earshot_reader; EXCEPTION WHEN duplicate_object THEN END $$',
    );
    // That of partitions: test/fleet/partitions.test.ts. That of other engines: test/integration/warehouse.
    const others = ['docs/operations.md', 'docs/warehouse.md', 'docs/engines.md'];
    const blocks = PAGES.filter(({ path }) => !others.includes(path))
      .flatMap(codeBlocks)
      .filter(({ language }) => language === 'sql');
    assert.ok(blocks.length > 0);
    const statements = blocks.flatMap(({ code }) => code.split(/;$/m)).filter((text) => text.trim() !== '');
    for (const statement of statements) await database.query(statement);
  });
});

/** Runs commands in bash, as a person would; a command that fails is an error with what it printed. */
function shellIn(cwd: string, project: string, env: Readonly<Record<string, string>>) {
  const { PATH = '', HOME = '' } = process.env;
  const path = [join(project, 'node_modules/.bin'), PATH].join(delimiter);
  return (command: string) =>
    new Promise<{ stdout: string; stderr: string }>((resolve, reject) => {
      // `npx` asks the registry before it looks here.
      const line = command.replace(/^npx /, '');
      const options = { cwd, env: { PATH: path, HOME, ...env }, maxBuffer: 1 << 26 };
      execFile('bash', ['-c', `set -eu\n${line}`], options, (error, stdout, stderr) =>
        error ? reject(new Error(`${command}\n${stderr}${stdout}`)) : resolve({ stdout, stderr }),
      );
    });
}
