// Runs a command again and again, with busy loops beside it if asked, and says how often it passed and how long it took:
//
//     node scripts/under-load.mjs [--times=10] [--busy=0] [--stalls=0] [COMMAND ...]
//
// `--busy=2` is two busy loops per core. With `--stalls=1500` each process of the command stands still for a quarter of the
// time, for up to 1.5 s at once: what fails then waits for a time and not for an event. The command is
// `node scripts/test.mjs` when none is given. A run that fails leaves its output in a file, and the others go on.
import { spawn } from 'node:child_process';
import { createWriteStream, mkdtempSync, readFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { letStandStill } from './standstills.mjs';

const root = fileURLToPath(new URL('../', import.meta.url));
const args = process.argv.slice(2);
const first = args.findIndex((argument) => !/^--(times|busy|stalls)(=|$)/.test(argument));
const options = first === -1 ? args : args.slice(0, first);
const command = first === -1 ? ['node', 'scripts/test.mjs'] : args.slice(first);
if (command[0] === '--') command.shift();

function number(name, fallback) {
  const given = options.find((option) => option.startsWith(`--${name}`));
  if (given === undefined) return fallback;
  const value = Number(given.split('=')[1] || Number.NaN);
  if (Number.isInteger(value) && value >= 0) return value;
  console.error(`${given}: expected --${name}=N, a whole number from 0.`);
  process.exit(2);
}
const times = number('times', 10);
const busyPerCore = number('busy', 0);
const stallsMs = number('stalls', 0);

const folder = mkdtempSync(join(tmpdir(), 'earshot-under-load-'));
const busy = Array.from({ length: busyPerCore * availableParallelism() }, () =>
  spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore' }),
);
process.on('exit', () => {
  for (const each of busy) each.kill('SIGKILL');
});

let running;
for (const signal of ['SIGINT', 'SIGTERM'])
  process.on(signal, () => {
    running?.kill(signal);
    process.exit(1);
  });

/** Runs it once. Its output goes to a file: a terminal full of ten runs says nothing. */
async function run(i) {
  const file = join(folder, `run-${i}.log`);
  const log = createWriteStream(file);
  const startMs = performance.now();
  const code = await new Promise((resolve, reject) => {
    running = spawn(command[0], command.slice(1), { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
    const end = stallsMs > 0 ? letStandStill(running.pid, stallsMs) : () => {};
    running.once('close', end);
    running.stdout.pipe(log, { end: false });
    running.stderr.pipe(log, { end: false });
    running.once('error', reject);
    running.once('close', (code, signal) => resolve(signal ?? code));
  });
  log.end();
  await finished(log);
  return { file, code, seconds: (performance.now() - startMs) / 1_000 };
}

const load =
  busy.length > 0 ? `beside ${busy.length} busy loops (${busyPerCore} per core)` : 'with no load of ours';
const stalls = stallsMs > 0 ? `, its processes standing still for up to ${stallsMs} ms` : '';
console.log(`${command.join(' ')}: ${times} times ${load}${stalls}`);
const runs = [];
for (let i = 1; i <= times; i += 1) {
  const result = await run(i);
  runs.push(result);
  const passed = result.code === 0;
  console.log(
    `${passed ? 'passed' : `FAILED (${result.code})`} ${i} of ${times} in ${result.seconds.toFixed(0)} s${passed ? '' : `: ${result.file}`}`,
  );
  if (!passed) console.log(failures(result.file));
}
const seconds = runs.map((each) => each.seconds).sort((a, b) => a - b);
const passes = runs.filter(({ code }) => code === 0).length;
console.log(
  `${passes} of ${times} passed; seconds: least ${seconds[0]?.toFixed(0)}, median ${seconds[seconds.length >> 1]?.toFixed(0)}, most ${seconds.at(-1)?.toFixed(0)}`,
);
process.exit(passes === times ? 0 : 1);

/** What scripts/test-reporter.mjs says of failures; of anything else the end. */
function failures(file) {
  const text = readFileSync(file, 'utf8');
  const at = text.search(/^✖ 1 of \d+: /m);
  const part = at === -1 ? text.slice(-2_000) : text.slice(at, at + 6_000);
  return part.trimEnd().replaceAll(/^(?=.)/gm, '  | ');
}
