import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { describe, test } from 'node:test';
import { packageRoot } from '../support/root.ts';

/** What reads as translated, stiff or vague, with what to say instead. */
const WORDS: readonly (readonly [found: RegExp, instead: string])[] = [
  [/\bwho(m?)ever\b/i, 'name the reader, the sender, the application'],
  [/\bnobody('s|’s)?\b/i, 'no one, nothing, not'],
  [/\bsomebody\b/i, 'someone, the user, another library'],
  [/\btold of\b/i, 'called with, reported'],
  [/\btells (of|no|nothing)\b/i, 'reports, says nothing'],
  [/\b(is|does) no harm\b/i, 'is safe'],
  [/\b(one place|sender|SDK) is content\b/i, 'say what happens'],
  [/\basked wrongly\b/i, 'usage error'],
  [/\bended at once,? by\b/i, 'second signal, exiting now'],
  [/\ba text of 1 to\b/i, 'a string of 1 to'],
  [/\bput off (with|for ever|forever)\b/i, 'refused with 503'],
  [/\bfor ever\b/i, 'forever'],
  [/\brefused by (its|their) content\b/i, 'rejected: invalid data'],
  [/\banew\b/i, "again; fix the sender's configuration"],
  [/\bill-meant\b/i, 'malicious'],
  [/\bwhom the work\b/i, 'which the work would delay'],
  [/\bstands above\b/i, 'see above'],
  [/\bas it stands in\b/i, 'as in'],
  [/\bno waiting mends\b/i, 'waiting does not fix'],
  [/\bfinalis(e|ed|es|er|ing|ation)\b/i, 'finalize'],
  [
    /(?<!there )\b(is|are|was|were) no (JSON|UTF-8|error|barge-in|turn|failure|object|message|number|facts?|span)\b(?!-)/i,
    'is not',
  ],
];

const READ = new Set(['.ts', '.js', '.mjs', '.md', '.sql', '.yaml', '.yml']);

/** Recorded input, statements that databases have applied, what is generated or installed, and this list. */
const LEFT_OUT = [
  /(^|\/)(node_modules|dist|coverage|\.[^/]+)\//,
  /^test\/fixtures\//,
  /^exporter\/(generated|prices)\//,
  /^exporter\/sql\/0001_/,
  /^test\/unit\/words\.test\.ts$/,
  /\.d\.ts$/,
];

/** Words with a meaning of their own: the account, a data set's negations. */
const MEANT = /['"`]nobody['"`]|\/\/nobody@|\bconst nobody\b|\(nobody\b|none nothing nobody/;

function textsIn(folder: string): string[] {
  return readdirSync(join(packageRoot, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
    if (LEFT_OUT.some((pattern) => pattern.test(entry.isDirectory() ? `${path}/` : path))) return [];
    if (entry.isDirectory()) return textsIn(path);
    const compiled = extname(path) === '.js' && !path.startsWith('examples/');
    return entry.isFile() && READ.has(extname(path)) && !compiled ? [path] : [];
  });
}

describe('comments, messages and documents are plain English', () => {
  const texts = textsIn('').map((path) => ({
    path,
    lines: readFileSync(join(packageRoot, path), 'utf8').split('\n'),
  }));

  test('all of them are read', () => assert.ok(texts.length > 500, `${texts.length}`));

  for (const [found, instead] of WORDS) {
    test(`no ${found.source}: ${instead}`, () => {
      const places = texts.flatMap(({ path, lines }) =>
        lines.flatMap((line, index) =>
          found.test(line) && !MEANT.test(line) ? [`${path}:${index + 1}: ${line.trim()}`] : [],
        ),
      );
      assert.deepEqual(places, []);
    });
  }
});
