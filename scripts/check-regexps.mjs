// Every regular expression of what is shipped, given to recheck: none may take more than linear time, for senders choose
// what they are applied to. A literal without a repetition that has no upper bound cannot. Needs a build.
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from 'acorn';
import { full } from 'acorn-walk';
import { check } from 'recheck';

const dist = fileURLToPath(new URL('../dist/', import.meta.url));
/** Runs on input of its own, or in the browser of its reader. */
const LEFT_OUT = /^(test|bench|grafana|demo|ui\/web)\//;
/** What recheck's automaton does not know: look-ahead. Read by hand: anchored at the start, one repetition before fixed words. */
const READ_BY_HAND = new Set([
  '/^(?!timeout)(?:\\w*[a-z_])?cancel(?:l?ed|l?ation)(?:error|exception)?$/i',
  '/^(?:us|us-gov|eu|apac|au|jp|ca|sa)\\.(?=[a-z0-9-]+\\.)/',
  '/^(\\d{3,4}|(?=.*[a-z_])[\\w.-]{1,64})$/i',
]);

/** Expressions by what they are: many files share one. */
const found = new Map();
for (const path of readdirSync(dist, { recursive: true })) {
  if (!path.endsWith('.js') || LEFT_OUT.test(path)) continue;
  const program = parse(readFileSync(`${dist}${path}`, 'utf8'), {
    ecmaVersion: 'latest',
    sourceType: 'module',
    locations: true,
  });
  full(program, ({ regex, loc }) => {
    if (regex !== undefined && /[*+]|\{\d+,\}/.test(regex.pattern))
      found.set(`/${regex.pattern}/${regex.flags}`, { ...regex, place: `dist/${path}:${loc.start.line}` });
  });
}
if (found.size === 0) throw new Error('dist has no regular expression: is it built?');

// All at once: alone, each waits for a process that is asked and answers.
const unread = [...found].filter(([text]) => !READ_BY_HAND.has(text));
const results = await Promise.all(
  unread.map(([, { pattern, flags }]) => check(pattern, flags, { timeout: null, checker: 'automaton' })),
);
for (const [i, { status, complexity, attack }] of results.entries()) {
  if (status === 'safe') continue;
  const [text, { place }] = unread[i];
  console.error(
    `${place}: ${text} is ${status}: ${complexity?.summary ?? 'not decided'}. ${attack?.pattern ?? ''}`,
  );
  process.exitCode = 1;
}
