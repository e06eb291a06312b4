// The packed package in projects as its users have them: package managers, versions of Node, module formats, and an
// OpenTelemetry SDK of the project's own or none. Each is installed into a fresh folder, and its agent is run.
import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { nodeFolder } from './matrix-node.mjs';

const API = '@opentelemetry/api';
const SDK = '@opentelemetry/sdk-node';
const SDK_2 = { [API]: '1.9.1', [SDK]: '0.223.0' };
/** The stable packages to the patch: sdk-node has them so. */
const SDK_3 = { [API]: '1.10.0', [SDK]: '0.301.0' };

/** `node`: the lowest that the project's own dependencies take. */
const PROJECTS = [
  { name: 'no OpenTelemetry, ES modules', agent: 'agent.mjs', dependencies: {} },
  { name: 'api 1.9, CommonJS', agent: 'agent.cjs', dependencies: { [API]: '1.9.1' } },
  { name: 'api 1.10, ES modules', agent: 'agent.mjs', dependencies: { [API]: '1.10.0' } },
  { name: 'api 1.10, CommonJS', agent: 'agent.cjs', dependencies: { [API]: '1.10.0' } },
  { name: 'SDK 2, ES modules', agent: 'agent.mjs', dependencies: SDK_2 },
  { name: 'SDK 2, CommonJS', agent: 'agent.cjs', dependencies: SDK_2 },
  { name: 'SDK 3, ES modules', agent: 'agent.mjs', dependencies: SDK_3, node: 22 },
  { name: 'SDK 3, CommonJS', agent: 'agent.cjs', dependencies: SDK_3, node: 22 },
];
const CALL = ['chat llama-3.1-8b-instant', 'voice.turn', 'voice.call'];

/** Runs every project under every version of Node. True when all did as they should. */
export function tryInstallations(root, folder, versions) {
  const tarball = pack(root, folder);
  const managers = { npm: ['npm'], pnpm: pnpm(folder) };
  let failed = 0;
  for (const version of versions)
    for (const [manager, command] of Object.entries(managers))
      for (const project of PROJECTS.filter(({ node = 0 }) => Number(version) >= node)) {
        const name = `Node ${version}, ${manager}, ${project.name}`;
        const wrong = tryOne(root, { folder, tarball, command, version, project });
        console.log(wrong.length === 0 ? `✔ ${name}` : `✖ ${name}\n  ${wrong.join('\n  ')}`);
        failed += wrong.length > 0 ? 1 : 0;
      }
  return failed === 0;
}

function pack(root, folder) {
  const args = ['pack', '--ignore-scripts', '--silent', '--pack-destination', folder];
  return join(folder, execFileSync('npm', args, { cwd: root, encoding: 'utf8' }).trim());
}

/** pnpm of a version that runs on every Node of ours, as a command. */
function pnpm(folder) {
  const prefix = join(folder, 'pnpm');
  execFileSync('npm', ['install', '--prefix', prefix, '--ignore-scripts', '--no-save', 'pnpm@10'], {
    stdio: 'ignore',
  });
  return ['node', join(prefix, 'node_modules/pnpm/bin/pnpm.cjs')];
}

let projects = 0;

/** What is wrong with a project, in words. */
function tryOne(root, { folder, tarball, command: [program, ...first], version, project }) {
  projects += 1;
  const cwd = join(folder, `project-${projects}`);
  mkdirSync(cwd);
  const dependencies = { ...project.dependencies, earshot: `file:${tarball}` };
  writeFileSync(join(cwd, 'package.json'), JSON.stringify({ name: 'project', private: true, dependencies }));
  copyFileSync(join(root, 'test/fixtures/installed', project.agent), join(cwd, project.agent));
  const env = { ...process.env, PATH: `${nodeFolder(folder, version)}:${process.env.PATH}` };

  const install = spawnSync(program, [...first, 'install', '--ignore-scripts'], {
    cwd,
    env,
    encoding: 'utf8',
  });
  const installed = `${install.stdout}${install.stderr}`;
  if (install.status !== 0) return [`the installation failed: ${installed}`];

  const ownSdk = SDK in project.dependencies;
  const spool = join(cwd, 'spool');
  const agent = spawnSync('node', ['--import', 'earshot/register', project.agent], {
    cwd,
    env: {
      ...env,
      ...(ownSdk && { OWN_SDK: 'yes' }),
      EARSHOT_SPOOL_DIR: spool,
      EARSHOT_DATABASE_URL: 'postgres://127.0.0.1:1/none',
    },
    encoding: 'utf8',
  });
  const said = agent.stderr
    .split('\n')
    .filter((line) => line !== '' && !/database|lost with this container/.test(line));
  const files = existsSync(spool) ? readdirSync(spool) : [];
  const rows = files.map((file) => readFileSync(join(spool, file), 'utf8')).join('');
  const shown = agent.stdout.trim();
  const watched = spawnSync('npx', ['earshot', 'watch', '--', 'node', project.agent], {
    cwd,
    env: { ...env, ...(ownSdk && { OWN_SDK: 'yes' }) },
    encoding: 'utf8',
  });
  const isWatched =
    watched.status === 0 && watched.stdout === agent.stdout && /^call-installed /m.test(watched.stderr);
  return [
    ...(/ERESOLVE|unmet peer|Issues with peer/.test(installed) ? [`peers: ${installed}`] : []),
    ...(agent.status === 0 ? [] : [`exit code ${agent.status}`]),
    ...(said.length === 0 ? [] : [`said: ${said.join(' ')}`]),
    ...(shown === JSON.stringify(ownSdk ? CALL : []) ? [] : [`its own SDK saw ${shown}`]),
    ...(['call', 'turn', 'stage'].every((type) => rows.includes(`"type":"${type}"`))
      ? []
      : [`rows: ${rows} ${agent.stderr}`]),
    ...(isWatched ? [] : [`watched: ${watched.status} ${watched.stdout}${watched.stderr}`]),
  ];
}
