import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../root.ts';
import { type Declaration, moduleApi } from './declarations.ts';

/** A constant of more lines is a table of names: only its beginning is shown. */
const LONGEST_CONSTANT = 12;

/** A section for each module that package.json exports, for docs/api.md. */
export function apiSections(): string {
  const { exports } = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as {
    exports: Readonly<Record<string, string | { readonly types: string }>>;
  };
  return Object.entries(exports)
    .flatMap(([path, target]) =>
      typeof target === 'string' ? [] : [section(path, target.types.replace('./dist/', ''))],
    )
    .join('\n');
}

function section(path: string, file: string): string {
  const { doc, exports } = moduleApi(file);
  const name = `earshot${path.slice(1)}`;
  const entries = exports.toSorted((a, b) => a.name.localeCompare(b.name, 'en')).map(entry);
  const text = [`## \`${name}\``, '', ...(doc === '' ? [] : [prose(doc), '']), ...entries];
  if (exports.length === 0) text.push('Exports nothing: it is loaded with `node --import`.', '');
  return text.join('\n');
}

function entry({ name, doc, text }: Declaration): string {
  const lines = text
    .replace(/^export (declare )?/, '')
    .split('\n')
    .filter((line) => !/^\s+(#private|private .*);$/.test(line));
  const code =
    text.includes(`const ${name}`) && lines.length > LONGEST_CONSTANT
      ? [...lines.slice(0, 3), '    // …', ...lines.slice(-1)]
      : lines;
  const about = doc === '' ? [] : [prose(doc), ''];
  return [`### \`${name}\``, '', ...about, '```ts', ...code, '```', ''].join('\n');
}

/** Tags of JSDoc as a list; a link to a file of docs/ is one beside this page. */
const prose = (doc: string): string =>
  doc
    .replaceAll(/\{@link (\w+)\}/g, '`$1`')
    .replaceAll(/(\n+)@param (\w+)(?: -)? /g, (_, lines: string, name: string) => `${lines}- \`${name}\`: `)
    .replaceAll(/(^|\n)@example\n/g, '$1For example:\n\n')
    .replaceAll(/(\n+)@returns /g, '$1- Returns ')
    .replaceAll(/(\n+)@throws /g, '$1- Throws ')
    .replaceAll(/([^\n])\n- /g, '$1\n\n- ');
