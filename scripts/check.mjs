// Builds and checks: `npm run check`. What does not need the build runs beside it. Each step has a line when it is through,
// and shows what it printed when it failed; then this fails, after the others are through.
import { spawn } from 'node:child_process';
import { delimiter } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../', import.meta.url));
const env = { ...process.env, PATH: `${root}node_modules/.bin${delimiter}${process.env.PATH}` };

await Promise.all([
  // As committed: a build would bring them up to date.
  step('generated modules', 'node scripts/generate.mjs --check'),
  step('licences', 'node scripts/licences.mjs'),
  step('biome', 'biome check --error-on-warnings .'),
  step('tsc of the page', 'tsc -p ui/web/tsconfig.json'),
  step(
    'tsc',
    'tsc -p tsconfig.json && node scripts/vendor.mjs && node scripts/bundle-agent.mjs && node scripts/build-page.mjs',
  ).then(
    (built) =>
      built &&
      Promise.all([
        step('imports', 'node scripts/graph.mjs --check'),
        // Scripts import what is built.
        step('knip', 'knip'),
        step('package', 'npm run --silent check:package'),
      ]),
  ),
]);

/** Runs a command. False when it failed. */
async function step(name, command) {
  const startMs = performance.now();
  const child = spawn(command, { shell: true, cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      output += text;
    });
  }
  const code = await new Promise((resolve) => child.once('close', resolve));
  const seconds = ((performance.now() - startMs) / 1_000).toFixed(1);
  if (code === 0) console.log(`✔ ${name} (${seconds} s)`);
  else {
    console.log(`✖ ${name} (${seconds} s): ${command}\n${output}`);
    process.exitCode = 1;
  }
  return code === 0;
}
