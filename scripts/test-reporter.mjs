// A reporter for `node --test`: a line for each file as it ends, then what was skipped and why, the ten slowest files, and
// last the failures, each with the command that runs it alone. Of a few files it names each test. scripts/test.mjs loads it.
import { readFileSync, writeFileSync } from 'node:fs';
import { inspect, stripVTControlCharacters, styleText } from 'node:util';

/** Of that many files each test has its line, and what they print is shown. */
const FEW_FILES = 5;
const SLOWEST = 10;
const MOST_OUTPUT = 4_000;

/** From scripts/test.mjs. */
const { files: total = 0, resultFile, durationsFile } = JSON.parse(process.env.TEST_RUN ?? '{}');
const terminal = process.stdout.isTTY === true;
const colours = terminal && process.env.NO_COLOR === undefined;
const style = (format, text) => (colours ? styleText(format, text) : text);
const passed = style('green', '✔');
const failed = style('red', '✖');

const short = (file = '') => file.replace(/.*dist\/test\//, '').replace(/\.test\.js$/, '');
const duration = (ms) => (ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`);
const clock = (ms) =>
  `${Math.floor(ms / 60_000)}:${String(Math.floor((ms % 60_000) / 1_000)).padStart(2, '0')}`;
const count = (number, what) => `${number} ${what}${number === 1 ? '' : 's'}`;
const indented = (text, by = '    ') => text.replaceAll(/^(?=.)/gm, by);
/** A process of its own, or a suite in one that scripts/test.mjs starts for several files. */
const isFile = ({ name, nesting }) => nesting === 0 && name.endsWith('.test.js');
const isGroup = ({ name, nesting }) => nesting === 0 && name.endsWith('.test.mjs');
const failureOf = ({ details }) => details?.error?.failureType;
/** One that only says that another failed says nothing. */
const isCause = (data) => !['subtestsFailed', 'cancelledByParent'].includes(failureOf(data));
const errorOf = ({ details }) => details?.error?.cause ?? details?.error;

export default async function* report(source) {
  const startMs = performance.now();
  const running = new Set();
  const files = new Map();
  const failures = [];
  const skips = new Map();
  const counted = { passed: 0, failed: 0, skipped: 0 };
  const fileOf = (path) => {
    const file = short(path);
    if (!files.has(file)) files.set(file, { output: '', unnamed: [] });
    return files.get(file);
  };
  const few = total <= FEW_FILES;
  let finished = 0;
  let shown = '';

  /** What a terminal shows last, until something follows. */
  const progress = () => {
    const line = `[${finished}/${total}] ${clock(performance.now() - startMs)} ${[...running].map(short).join(' ')}`;
    return terminal ? line.slice(0, (process.stdout.columns ?? 80) - 1) : '';
  };
  const above = (text) => (terminal ? `\r\x1b[K${text}\n${progress()}` : `${text}\n`);

  for await (const { type, data } of source) {
    if (type === 'test:dequeue' && isFile(data)) {
      running.add(data.name);
      if (terminal) yield `\r\x1b[K${progress()}`;
    } else if (type === 'test:stdout' || type === 'test:stderr') {
      fileOf(data.file).output += data.message;
      if (few) yield above(indented(data.message.trimEnd()));
    } else if (type === 'test:diagnostic') {
      if (data.file !== undefined && few) yield above(indented(data.message));
    } else if (type === 'test:complete' && isFile(data)) {
      running.delete(data.name);
      finished += 1;
      const { duration_ms: ms, passed: ok } = data.details;
      fileOf(data.name).ms = ms;
      if (few) continue;
      const head = `[${String(finished).padStart(String(total).length)}/${total}] ${clock(performance.now() - startMs)}`;
      yield above(`${ok === false ? failed : passed} ${head} ${short(data.name)} (${duration(ms)})`);
    } else if (type === 'test:complete' && data.details.type !== 'suite' && !isGroup(data)) {
      if (typeof data.skip === 'string' && /does not match pattern/.test(data.skip)) continue;
      if (data.skip !== undefined) {
        counted.skipped += 1;
        const why = data.skip === true || data.skip === '' ? `${short(data.file)}: ${data.name}` : data.skip;
        skips.set(why, (skips.get(why) ?? 0) + 1);
        continue;
      }
      const ok = data.details.passed !== false || data.todo !== undefined;
      counted[ok ? 'passed' : 'failed'] += 1;
      // Node reports a file's tests when the files before it are through.
      if (few && short(data.file) !== shown) {
        shown = short(data.file);
        yield above(style('bold', shown));
      }
      if (few) yield above(`  ${ok ? passed : failed} ${data.name} (${duration(data.details.duration_ms)})`);
      else if (!ok)
        yield above(`  ${failed} ${short(data.file)} › ${data.name}: ${firstLine(errorOf(data))}`);
    } else if (type === 'test:fail') {
      const whole = isFile(data) || isGroup(data);
      const file = fileOf(isFile(data) ? data.name : data.file);
      // The test before its suite: who it is inside of is known when the suite fails for it.
      for (const failure of whole ? [] : file.unnamed.filter(({ nesting }) => nesting > data.nesting)) {
        failure.path.unshift(data.name);
        failure.nesting = data.nesting;
      }
      if (data.todo !== undefined || !isCause(data)) continue;
      const failure = {
        file: short(isFile(data) ? data.name : data.file),
        nesting: data.nesting,
        path: whole ? [] : [data.name],
        data,
      };
      failures.push(failure);
      file.unnamed.push(failure);
    }
  }

  if (terminal) yield '\r\x1b[K';
  yield* summary({ files, skips, failures, counted, ms: performance.now() - startMs });
  leaveResults(files, failures);
}

function* summary({ files, skips, failures, counted, ms }) {
  const finished = [...files].filter(([, { ms }]) => ms !== undefined);
  if (skips.size > 0) {
    yield '\nSkipped:\n';
    for (const [why, number] of skips) yield `  ${count(number, 'test')}: ${why}\n`;
  }
  if (finished.length > FEW_FILES) {
    yield `\nSlowest of ${finished.length} files:\n`;
    const slowest = finished.sort(([, a], [, b]) => b.ms - a.ms).slice(0, SLOWEST);
    for (const [file, { ms }] of slowest) yield `  ${duration(ms).padStart(8)}  ${short(file)}\n`;
  }
  yield `\n${counted.passed} passed, ${counted.failed} failed, ${counted.skipped} skipped in ${clock(ms)}\n`;
  for (const [i, failure] of failures.entries()) {
    const { file, path, data } = failure;
    yield `\n${failed} ${i + 1} of ${failures.length}: ${style('bold', [short(file), ...path].join(' › '))}\n`;
    yield `${indented(describe(errorOf(data)))}\n`;
    const { output } = files.get(file);
    if (output !== '' && path.length === 0) yield `${indented(output.slice(-MOST_OUTPUT))}\n`;
    yield `  alone: ${style('cyan', command(failure))}\n`;
  }
}

const firstLine = (error) => String(error?.message ?? inspect(error)).split('\n', 1)[0];

/** The error as Node prints it, without the frames of Node's own. */
function describe(error) {
  if (typeof error !== 'object' || error === null) return String(error);
  const text = stripVTControlCharacters(error.stack?.includes(error.message) ? error.stack : inspect(error));
  const own = text
    .split('\n')
    .filter((line) => !/^\s+at .*(\(node:|node:internal|Promise\.all \(index)/.test(line))
    .map((line) => line.replaceAll(/file:\/\/\S*?\/dist\//g, 'dist/'))
    .join('\n');
  return error.cause === undefined ? own : `${own}\n  cause: ${describe(error.cause)}`;
}

/** What the files of a group begin with: it is in its name. */
const partOf = (group) =>
  group
    .replace(/.*\/\d+\+/, '')
    .replace(/-\d+\.test\.mjs$/, '')
    .replaceAll('+', '/');

function command({ file, path, data }) {
  const alone = `node scripts/test.mjs ${isGroup(data) ? partOf(data.name) : short(file)}`;
  const name = path.at(-1);
  if (name === undefined || failureOf(data) === 'hookFailed') return alone;
  // What a shell or a pattern takes for more than itself is any character.
  return `${alone} --test-name-pattern='${name.replaceAll(/[^\p{L}\p{N} ,:;=_-]/gu, '.')}$'`;
}

/** For scripts/test.mjs: its exit code, and which files to begin with next time. */
function leaveResults(files, failures) {
  const starved = failures.filter(({ data }) => errorOf(data)?.code === 'STARVED').length;
  if (resultFile) writeFileSync(resultFile, JSON.stringify({ failures: failures.length, starved }));
  if (!durationsFile) return;
  let known = {};
  try {
    known = JSON.parse(readFileSync(durationsFile, 'utf8'));
  } catch {}
  for (const [file, { ms }] of files) if (ms !== undefined) known[`${short(file)}.test.js`] = Math.round(ms);
  writeFileSync(durationsFile, JSON.stringify(known));
}
