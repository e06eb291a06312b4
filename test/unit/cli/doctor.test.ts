import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { projectFindings } from '../../../cli/doctor/project.ts';
import { renderFindings } from '../../../cli/doctor/render.ts';
import { compareVersions, isInRange } from '../../../cli/doctor/versions.ts';
import { painter } from '../../../cli/render/text.ts';
import { SDKS } from '../../../instrumentation/sdks/index.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

/** A project with these packages at these places: `{ 'node_modules/ws': '8.1.0' }`. */
async function project(t: TestContext, installed: Record<string, string>, asked: readonly string[] = []) {
  const folder = await temporaryFolder(t);
  const write = async (path: string, manifest: object) => {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), JSON.stringify(manifest));
  };
  await write('package.json', { dependencies: Object.fromEntries(asked.map((name) => [name, '*'])) });
  for (const [path, version] of Object.entries(installed)) await write(`${path}/package.json`, { version });
  return folder;
}

const WHOLE = { 'node_modules/earshot': '0.1.0', 'node_modules/@opentelemetry/api': '1.9.1' };
const find = (folder: string, name: string) =>
  projectFindings(folder, '22.1.0').filter((finding) => finding.name === name);

test('every range of a supported SDK can be read', () => {
  for (const { supportedVersions, wireVersions = [] } of SDKS)
    for (const range of [...supportedVersions, ...wireVersions])
      assert.equal(isInRange('0.0.1', range), false, range);
  assert.ok(isInRange('6.0.0', '>=6.0.0 <8'));
  assert.ok(isInRange('7.99.1-beta.2', '>=6.0.0 <8'));
  assert.ok(!isInRange('8.0.0', '>=6.0.0 <8'));
  assert.ok(!isInRange('4.13.1', '>=4.13.2 <5'));
  assert.ok(!isInRange('workspace', '>=4.13.2 <5'));
  assert.throws(() => isInRange('1.0.0', '^1.0.0'), /saw the range/);
  assert.equal(compareVersions('1.9.0', 'latest'), undefined);
});

test('an SDK of a supported version is ok; of another one, how to get one that is', async (t) => {
  const folder = await project(
    t,
    { ...WHOLE, 'node_modules/groq-sdk': '1.6.0', 'node_modules/openai': '3.3.0' },
    ['openai', 'groq-sdk'],
  );
  assert.deepEqual(find(folder, 'groq-sdk'), [{ name: 'groq-sdk', status: 'ok', text: '1.6.0' }]);
  assert.deepEqual(find(folder, 'openai'), [
    {
      name: 'openai',
      status: 'warn',
      text: '3.3.0 is not instrumented; supported are >=4.0.0 <4.87.1, >=4.87.1 <8',
      cure: 'npm install openai@7',
    },
  ]);
});

test('every SDK that is followed is known, at the lowest version of each of its ranges', async (t) => {
  const packages = SDKS.map(({ packageName, supportedVersions, wireVersions = [] }) => ({
    name: packageName,
    lowest: [...supportedVersions, ...wireVersions].map((range) => /^>=(\S+)/.exec(range)?.[1] ?? range),
  })).filter(({ lowest }) => lowest.length > 0);
  for (const round of [0, 1, 2]) {
    const installed = packages.filter(({ lowest }) => lowest.length > round);
    const folder = await project(
      t,
      Object.fromEntries(installed.map(({ name, lowest }) => [`node_modules/${name}`, lowest[round] ?? ''])),
      installed.map(({ name }) => name),
    );
    const findings = projectFindings(folder, '22.1.0');
    for (const { name } of installed)
      assert.equal(findings.find((finding) => finding.name === name)?.status, 'ok', name);
  }
});

test('a version that is followed on the wire is ok, and so is a package that is never patched', async (t) => {
  const folder = await project(
    t,
    {
      ...WHOLE,
      'node_modules/@deepgram/sdk': '3.13.0',
      'node_modules/microsoft-cognitiveservices-speech-sdk': '1.52.0',
      'node_modules/@mistralai/mistralai': '0.5.0',
    },
    ['@mistralai/mistralai'],
  );
  const onTheWire = 'followed by what it says on the wire';
  for (const [name, version] of [
    ['@deepgram/sdk', '3.13.0'],
    ['microsoft-cognitiveservices-speech-sdk', '1.52.0'],
  ] as const)
    assert.deepEqual(find(folder, name), [{ name, status: 'ok', text: `${version}, ${onTheWire}` }]);
  assert.equal(find(folder, '@mistralai/mistralai')[0]?.cure, 'npm install @mistralai/mistralai@2');
});

test("what another package depends on is not the project's choice", async (t) => {
  const folder = await project(t, { ...WHOLE, 'node_modules/ws': '7.5.10' });
  assert.deepEqual(find(folder, 'ws'), []);
  assert.match(find(folder, 'SDKs')[0]?.text ?? '', /none that is instrumented/);
});

test('what is followed of an agent without an SDK is what this Node and this project have', async (t) => {
  const bare = await project(t, WHOLE);
  const name = 'without SDK';
  const text = 'requests of fetch, undici and node:https';
  const known = 'to providers that are known';
  const of = (node: string, folder: string) =>
    projectFindings(folder, node).filter((finding) => finding.name === name);
  assert.deepEqual(of('20.19.0', bare), [{ name, status: 'ok', text: `${text}, ${known}` }]);
  const withWs = await project(t, { ...WHOLE, 'node_modules/ws': '8.1.0' });
  assert.equal(of('22.1.0', withWs)[0]?.text, `${text}, sockets of ws and WebSocket, ${known}`);
  assert.deepEqual(find(bare, 'fetch'), []);
});

test('packages are found from a folder below, as a program there would', async (t) => {
  const folder = await project(t, { ...WHOLE, 'node_modules/ws': '8.1.0' });
  const below = join(folder, 'apps/agent');
  await mkdir(below, { recursive: true });
  assert.equal(find(below, 'ws')[0]?.status, 'ok');
});

test('copies of @opentelemetry/api that work together are ok; one that is newer than ours is a warning', async (t) => {
  const api = '@opentelemetry/api';
  const older = await project(t, { ...WHOLE, 'node_modules/ai/node_modules/@opentelemetry/api': '1.9.0' });
  assert.deepEqual(find(older, api), [{ name: api, status: 'ok', text: '1.9.1, and 1 more' }]);
  const newer = await project(t, {
    ...WHOLE,
    'node_modules/@livekit/agents/node_modules/@opentelemetry/api': '1.10.0',
  });
  const [finding] = find(newer, api);
  assert.equal(finding?.status, 'warn');
  assert.match(finding?.text ?? '', /earshot uses 1\.9\.1; what uses 1\.10\.0/);
  const pnpm = await project(t, {
    ...WHOLE,
    'node_modules/.pnpm/@opentelemetry+api@1.10.0/node_modules/@opentelemetry/api': '1.10.0',
  });
  assert.equal(find(pnpm, api)[0]?.status, 'warn');
});

test('a Node that is too old, and a project without earshot, are said with the cure', async (t) => {
  const folder = await project(t, {});
  const findings = projectFindings(folder, '18.20.4');
  assert.equal(findings[0]?.status, 'fail');
  assert.match(findings[0]?.cure ?? '', /20\.19/);
  assert.match(findings[1]?.cure ?? '', /^npm install earshot/);
});

test('lines keep to the columns of the terminal, 60 to 100, and hold nothing that it obeys', () => {
  const long = {
    name: 'database',
    status: 'fail',
    text: 'word '.repeat(60).trim(),
    cure: 'do \u001b[2J this',
  } as const;
  for (const [columns, most] of [
    [20, 60],
    [80, 80],
    [200, 100],
  ] as const) {
    const text = renderFindings(
      [long, { name: 'Node', status: 'ok', text: '22.1.0' }],
      columns,
      painter(false),
    );
    const widest = Math.max(...text.split('\n').map((line) => line.length));
    assert.ok(widest <= most && widest > most - 6, `${widest} of ${most}`);
    assert.ok(!text.includes('\u001b'));
  }
});
