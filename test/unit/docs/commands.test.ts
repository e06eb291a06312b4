import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'acorn';
import { parse as parseYaml } from 'yaml';
import { packagesFor } from '../../../cli/missing.ts';
import { commandsIn, documentedCommands, FATES } from '../../support/docs/commands.ts';
import { codeBlocks, PAGES } from '../../support/docs/pages.ts';
import { packageRoot } from '../../support/root.ts';

const COMMANDS = documentedCommands();
const BLOCKS = PAGES.flatMap(codeBlocks);
const inLanguage = (...languages: string[]) => BLOCKS.filter(({ language }) => languages.includes(language));

test('every command of every page is run by a test, or is known not to be, with the reason', () => {
  assert.ok(COMMANDS.length > 50, `${COMMANDS.length}`);
  const unknown = COMMANDS.filter(({ fate }) => fate === undefined);
  assert.deepEqual(
    unknown.map(({ command, pages }) => `${pages[0]}: ${command}`),
    [],
    'say in test/support/docs/commands.ts what becomes of them',
  );
});

test('every entry of the table is for a command that a page has', () => {
  const used = new Set(
    COMMANDS.map(({ command }) => FATES.find(([pattern]) => pattern.test(command))?.[0].source),
  );
  assert.deepEqual(
    FATES.filter(([{ source }]) => !used.has(source)).map(([pattern]) => `${pattern}`),
    [],
  );
});

test('a test that is said to run a command is there, and has it', () => {
  for (const [pattern, fate] of FATES)
    if ('by' in fate)
      assert.ok(
        readFileSync(join(packageRoot, fate.by), 'utf8').includes(fate.has),
        `${pattern}: ${fate.by}`,
      );
});

test('commands of npm run, and of scripts, exist', () => {
  const { scripts } = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8'));
  for (const { text, path } of PAGES)
    for (const [, name = ''] of text.matchAll(/\bnpm run ([\w:]+)/g))
      if (name !== 'dev') assert.ok(name in scripts, `${path}: npm run ${name}`);
});

test('the packages of the demo are those that it asks for', () => {
  const command = `npm install earshot @opentelemetry/api ${packagesFor('demo').join(' ')}`;
  const pages = COMMANDS.find((each) => each.command === command)?.pages;
  assert.deepEqual(pages, ['README.md', 'docs/quick-start.md']);
});

test('code has a language that says how it is checked', () => {
  const known = ['', 'sh', 'js', 'ts', 'json', 'yaml', 'sql', 'text', 'python', 'xml', 'mermaid'];
  for (const { page, language } of BLOCKS) assert.ok(known.includes(language), `${page}: ${language}`);
  for (const { page, code } of inLanguage(''))
    for (const command of commandsIn(code))
      assert.doesNotMatch(
        command,
        /^(npx|npm|node|docker|kubectl|export) /,
        `${page} has a command without \`sh\``,
      );
});

test('JavaScript can be parsed, and imports of earshot what it exports', async () => {
  for (const { page, code } of inLanguage('js', 'ts')) {
    if (page === 'docs/api.md') continue;
    if (code.includes('satisfies')) continue;
    const program = parse(code, {
      ecmaVersion: 'latest',
      sourceType: 'module',
      allowAwaitOutsideFunction: true,
    });
    for (const statement of program.body) {
      if (statement.type !== 'ImportDeclaration' || !/^earshot(\/|$)/.test(`${statement.source.value}`))
        continue;
      const exported = await import(`${statement.source.value}`);
      for (const { imported } of statement.specifiers as unknown as { imported: { name: string } }[])
        assert.ok(imported.name in exported, `${page}: ${imported.name} of ${statement.source.value}`);
    }
  }
});

test('YAML can be parsed', () => {
  for (const { page, code } of inLanguage('yaml')) assert.ok(parseYaml(code), page);
});
