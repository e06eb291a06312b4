import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isPackageManager } from '../../../instrumentation/start/package-manager.ts';

test('a package manager is not an agent, however it is installed', () => {
  const managers = [
    '/usr/lib/node_modules/npm/bin/npm-cli.js',
    '/usr/bin/npm',
    'C:\\Program Files\\nodejs\\node_modules\\npm\\bin\\npx-cli.js',
    '/root/.cache/node/corepack/v1/pnpm/10.0.0/bin/pnpm.cjs',
    '/app/.yarn/releases/yarn-4.9.1.cjs',
    '/usr/lib/node_modules/corepack/dist/pnpm.js',
  ];
  for (const program of managers) assert.equal(isPackageManager(program), true, program);
  for (const program of [undefined, '/app/agent.js', '/app/npm-agent.js', '/app/yarn/agent.js'])
    assert.equal(isPackageManager(program), false, program);
});
