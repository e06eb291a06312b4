// The long suites, on what is built: seeded fault runs, bodies of the fuzzer, load, an assault. About an hour and a half on two cores.
// `node scripts/full.mjs [faults] [fuzz] [load] [assault]` runs some of them. EARSHOT_FAULT_RUNS, EARSHOT_FUZZ_CASES and EARSHOT_ASSAULT_SECONDS beat the
// numbers below; EARSHOT_FAULT_FROM and EARSHOT_FUZZ_FROM say where to begin, to see a seed again.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../', import.meta.url));

const SUITES = {
  faults: [['scripts/test.mjs', 'fleet/', '--test-timeout=14400000'], { EARSHOT_FAULT_RUNS: '200' }],
  fuzz: [['scripts/test.mjs', 'integration/receiver/fuzz'], { EARSHOT_FUZZ_CASES: '200000' }],
  load: [['dist/bench/main.js', 'serve-load'], {}],
  // The proof takes twenty minutes; this shows that it would be one.
  assault: [['dist/bench/main.js', 'assault'], { EARSHOT_ASSAULT_SECONDS: '60' }],
};

const names = process.argv.slice(2);
const unknown = names.filter((name) => !(name in SUITES));
if (unknown.length > 0) {
  console.error(`No such suite: ${unknown.join(', ')}. There are: ${Object.keys(SUITES).join(', ')}.`);
  process.exit(2);
}
const failed = [];
for (const name of names.length > 0 ? names : Object.keys(SUITES)) {
  const [args, env] = SUITES[name];
  const startMs = performance.now();
  const { status } = spawnSync(process.execPath, args, {
    cwd: root,
    stdio: 'inherit',
    env: { ...env, ...process.env },
  });
  const seconds = ((performance.now() - startMs) / 1_000).toFixed(0);
  console.log(`${name}: ${status === 0 ? 'passed' : 'FAILED'} in ${seconds} s, with ${JSON.stringify(env)}`);
  if (status !== 0) failed.push(name);
}
process.exit(failed.length > 0 ? 1 : 0);
