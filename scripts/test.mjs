// Runs the built tests: `node scripts/test.mjs [PART ...] [OPTION ...]` runs those whose path contains one of the parts.
//
// - Without a part: all but test/accuracy, test/fleet and test/stack.
// - `fleet/…` runs alone, and so does `accuracy/…`, one file at a time. That ends with 75 when all that failed has evidence
//   of a machine that did not let the test run.
// - test/stack needs programs that scripts/stack.mjs builds first.
// - `--tap` prints TAP; every other option goes to `node --test`, `--test-reporter=spec` among them.
//
// (Node 20's own runner takes every file below a folder called test for a test, has no globs, and starts a process a file.)
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { makeRunFolder, removeRunFolder } from './run-folder.mjs';

/** Folders that are suites of their own. */
const ALONE = ['accuracy', 'fleet'];
/** As sysexits.h: try again later. */
const STARVED = 75;
/** Most tests wait for a process, a socket or a database. */
const FILES_PER_CORE = 4;
/**
 * What paths begin with of files that share processes, and how many: to start one, and to load or start what they all test,
 * takes longer than their tests do.
 */
const TOGETHER = [
  { paths: ['integration/sdks/ai'] },
  { paths: ['integration/sdks/assemblyai'] },
  { paths: ['integration/sdks/cartesia'] },
  { paths: ['integration/sdks/deepgram'], processes: 2 },
  { paths: ['integration/sdks/elevenlabs'] },
  { paths: ['integration/sdks/genai'] },
  { paths: ['integration/sdks/livekit'] },
  {
    paths: ['azure-openai', 'chat-completions', 'openai', 'responses'].map((of) => `integration/sdks/${of}`),
  },
  { paths: ['carriers', 'recording-agent', 'twilio'].map((of) => `integration/sdks/${of}`) },
  { paths: ['aws', 'azure-speech', 'google-cloud', 'more-'].map((of) => `integration/sdks/${of}`) },
  { paths: ['e2e/ui/'] },
  // The longest by themselves, each with work for a process.
  ...['every-sdk', 'privacy', 'uncovered-stages'].map((of) => ({ paths: [`e2e/register/${of}`] })),
  { paths: ['e2e/register/'], processes: 4 },
  { paths: ['e2e/'], processes: 3 },
  { paths: ['integration/cli/'], processes: 2 },
  { paths: ['integration/pipeline/'], processes: 2 },
  { paths: ['integration/grafana/'] },
  { paths: ['integration/simulators/'] },
  { paths: ['integration/ui/'] },
  { paths: ['conformance', 'dialects', 'recordings', 'storage'].map((of) => `integration/${of}/`) },
  // What starts processes, and is not busy itself.
  {
    paths: [
      'answers',
      'door',
      'failing-commits',
      'livekit-agents',
      'process',
      'tenants',
      'tokens',
      'webhooks',
    ].map((of) => `integration/receiver/${of}.`),
    processes: 2,
  },
  { paths: ['integration/warehouse/'] },
  // What LiveKit's sessions leave behind waits for five seconds, and for nothing.
  { paths: ['exit', 'livekit-session', 'raw-sockets'].map((of) => `accuracy/${of}.`) },
  // Last, because they never wait: what waits leaves the processor to others, so long as there are any.
  { paths: ['integration/store/'], processes: 2, last: true },
  // Apart: it optimizes nothing (test/support/work-counter.ts), and looks at all code that its process has; so do
  // collections of garbage at all data.
  { paths: ['unit/calls/work'], last: true },
  { paths: ['unit/receiver/decode-memory', 'unit/receiver/heap'], last: true },
  // By folder: what is alike loads the same code. Each is about as much work.
  { paths: ['unit/decisions/'], last: true },
  { paths: ['unit/calls/', 'unit/dialects/', 'unit/call-file/', 'unit/platforms/'], last: true },
  { paths: ['unit/instrumentation/', 'unit/sdks/', 'unit/receiver/', 'unit/kit/'], last: true },
  { paths: ['unit/incidents/', 'unit/demo/', 'unit/statistics/', 'unit/comparison/'], last: true },
  { paths: ['unit/docs/', 'unit/words', 'unit/purity', 'unit/semconv'], last: true },
  // It waits for a write that hangs.
  { paths: ['unit/pipeline/'], last: true },
  { paths: ['unit/'], last: true },
];

/** Of files that have not run here yet; those of SDKs wait for speech. */
const EXPECTED_MS = Object.entries({
  'integration/sdks/': 30_000,
  'integration/receiver/': 20_000,
  'integration/warehouse/': 20_000,
  'fleet/': 20_000,
  'e2e/': 20_000,
  'integration/': 5_000,
});

const root = fileURLToPath(new URL('../', import.meta.url));
const parts = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
const options = process.argv
  .slice(2)
  .filter((argument) => argument.startsWith('--'))
  .map((option) => (option === '--tap' ? '--test-reporter=tap' : option));
/** Of a suite that runs alone: what its paths begin with. */
const suite = ALONE.find((folder) => parts.length > 0 && parts.every((part) => part.startsWith(folder)));
const accuracy = suite === 'accuracy';
const durationsFile = `${root}dist/test-durations.json`;
const durations = lastDurations();

const built = `${root}dist/test`;
const tests = (existsSync(built) ? readdirSync(built, { recursive: true }) : [])
  .filter((path) => path.endsWith('.test.js') && !path.startsWith('stack/'))
  .filter((path) => ALONE.find((folder) => path.startsWith(`${folder}/`)) === suite)
  .filter((path) => parts.length === 0 || parts.some((part) => path.includes(part)))
  .sort();
if (tests.length === 0) {
  console.error(
    `No test${parts.length > 0 ? ` matches ${parts.join(', ')}` : ''}. Is it built? (npm run build)`,
  );
  process.exit(2);
}

const given = (name) => options.some((option) => option.startsWith(`--test-${name}`));
const folder = makeRunFolder();
const resultFile = join(folder, 'result.json');
const concurrency = accuracy ? 1 : availableParallelism() * FILES_PER_CORE;
const node = spawn(
  process.execPath,
  [
    // The runs are short: PGlite is compiled at once, not well (test/support/wasm.ts), and JavaScript is not optimized before
    // it has run some fifteen times as often as usual. Node hands it on to each file.
    ...(accuracy ? [] : ['--liftoff-only', '--interrupt-budget=1000000']),
    '--test',
    ...(given('concurrency') ? [] : [`--test-concurrency=${concurrency}`]),
    // Names the test that hangs, where the whole run would.
    ...(given('timeout') ? [] : ['--test-timeout=900000']),
    ...(given('reporter') ? [] : [`--test-reporter=${new URL('test-reporter.mjs', import.meta.url).href}`]),
    ...options,
    ...processes(tests, folder),
  ],
  {
    cwd: root,
    stdio: 'inherit',
    env: {
      ...process.env,
      TMPDIR: folder,
      TEST_RUN: JSON.stringify({ folder, files: tests.length, resultFile, durationsFile }),
    },
  },
);
node.on('exit', (code, signal) => {
  const starved = code !== 0 && onlyStarved();
  removeRunFolder(folder);
  process.exit(signal ? 1 : starved ? STARVED : (code ?? 1));
});
// The runner ends its tests, and then itself.
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => node.kill(signal));

/**
 * What `node --test` starts a process for: each file by itself, but some together. The longest begin first, so
 * that none is left alone at the end.
 */
function processes(files, folder) {
  let alone = files;
  const groups = [];
  for (const { paths, processes = 1, last = false } of TOGETHER) {
    const isHere = (file) => paths.some((path) => file.startsWith(path));
    // By name: in each run, on each machine, the same ones are together and follow one another.
    const together = alone.filter(isHere);
    const count = Math.min(processes, together.length);
    const name = paths[0].replaceAll('/', '+');
    for (let i = 0; i < count; i += 1) {
      const own = together.filter((_, j) => j % count === i);
      const ms = own.reduce((sum, file) => sum + expectedMs(file), 0);
      groups.push({ own, group: `${name}-${i + 1}.test.mjs`, ms, last });
    }
    alone = alone.filter((file) => !isHere(file));
  }
  const inOrder = [
    ...alone.map((file) => ({ own: [file], ms: expectedMs(file), last: false })),
    ...groups,
  ].sort((a, b) => Number(a.last) - Number(b.last) || b.ms - a.ms);
  return inOrder.map(({ own, group }, i) => {
    // The runner begins in the order of names.
    const number = join(folder, String(i).padStart(4, '0'));
    if (group !== undefined) return writeGroup(`${number}+${group}`, own);
    symlinkSync(root, number);
    return join(number, 'dist/test', own[0]);
  });
}

/** A test that runs those of several files, each file's hooks for itself. */
function writeGroup(path, files) {
  const suites = files.map((file) => {
    const path = `${root}dist/test/${file}`;
    return `describe(${JSON.stringify(path)}, () => import(${JSON.stringify(pathToFileURL(path))}));`;
  });
  writeFileSync(path, ["import { describe } from 'node:test';", ...suites, ''].join('\n'));
  return path;
}

/** What the files took when they last ran, in milliseconds by path. */
function lastDurations() {
  try {
    return JSON.parse(readFileSync(durationsFile, 'utf8'));
  } catch {
    return {};
  }
}

/** How long a file will take. */
function expectedMs(path) {
  const [, guess = 300] = EXPECTED_MS.find(([folder]) => path.startsWith(folder)) ?? [];
  return durations[path] ?? guess;
}

function onlyStarved() {
  try {
    const { failures, starved } = JSON.parse(readFileSync(resultFile, 'utf8'));
    return failures > 0 && failures === starved;
  } catch {
    return false;
  }
}
