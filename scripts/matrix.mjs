// What is built, in the surroundings that users have: `node scripts/matrix.mjs [tests] [api] [wire] [install] [20 22 24 …] [PART …]`.
//
// - tests: the tests under other versions of Node. (Default: 22 and 24.)
// - api: the tests of what is registered, with @opentelemetry/api 1.10.
// - wire: the tests of SDKs that are followed by what they say on the wire, at the lowest version of each range.
// - install: the packed package under npm and pnpm, in projects without and with an OpenTelemetry SDK of their own.
//   (Default: Node 20, 22 and 24.)
//
// Without one of these words all of them; a part of tests is for the first two, a package for the third. Versions of Node and pnpm come from npm into
// a temporary folder; nothing else of the machine changes.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { testWithApi } from './matrix-api.mjs';
import { tryInstallations } from './matrix-install.mjs';
import { nodeFolder } from './matrix-node.mjs';
import { testOnTheWire } from './matrix-wire.mjs';

const root = fileURLToPath(new URL('../', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'earshot-matrix-'));
const asked = process.argv.slice(2);
const versions = asked.filter((argument) => /^\d+$/.test(argument));
const given = (defaults) => (versions.length > 0 ? versions : defaults);

const SUITES = {
  tests: (parts) =>
    given(['22', '24'])
      .map((version) => {
        const node = join(nodeFolder(folder, version), 'node');
        console.log(`\n== Node ${version}`);
        return spawnSync(node, ['scripts/test.mjs', ...parts], { cwd: root, stdio: 'inherit' }).status === 0;
      })
      .every(Boolean),
  api: (parts) => testWithApi(root, parts),
  wire: (packages) => testOnTheWire(root, packages),
  install: () => tryInstallations(root, folder, given(['20', '22', '24'])),
};
const suites = Object.keys(SUITES).filter((name) => asked.includes(name));
const parts = asked.filter((argument) => !versions.includes(argument) && !(argument in SUITES));
try {
  const passed = [];
  for (const name of suites.length > 0 ? suites : Object.keys(SUITES)) passed.push(await SUITES[name](parts));
  process.exitCode = passed.every(Boolean) ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
