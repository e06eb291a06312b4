import { readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { packageRoot } from '../root.ts';

/** Something that a module exports, as its `.d.ts` has it. */
export interface Declaration {
  readonly name: string;
  /** The comment before it, without its stars. */
  readonly doc: string;
  /** The declaration itself. */
  readonly text: string;
}

/** What an import of a module gives. */
export interface ModuleApi {
  readonly doc: string;
  readonly exports: readonly Declaration[];
}

interface Parsed {
  readonly doc: string;
  readonly declarations: ReadonlyMap<string, Declaration>;
  /** `export { name as exported } from`; name `*`: all of it. */
  readonly reexports: readonly { readonly name: string; readonly as: string; readonly from: string }[];
}

const DECLARATION =
  /^(?:export )?(?:declare )?(?:abstract )?(?:class|function|const|let|interface|type|enum) (\w+)/;
const REEXPORT = /^export (?:type )?(?:\{([^}]*)\}|\*)(?: from '([^']+)')?;$/;
const IMPORT = /^import (?:type )?\{([^}]*)\} from '([^']+)';$/;

/** The API of a declaration file below dist, its re-exports followed. `path` ends with `.d.ts`. */
export function moduleApi(path: string): ModuleApi {
  const { doc, declarations, reexports } = parse(path);
  const own = [...declarations.values()].filter(({ text }) => text.startsWith('export '));
  const others = reexports.flatMap(({ name, as, from }) => {
    if (name === '*') return moduleApi(from).exports;
    const found =
      from === path
        ? declarations.get(name)
        : moduleApi(from).exports.find((candidate) => candidate.name === name);
    if (found === undefined) throw new Error(`${path}: ${name} is not in ${from}`);
    return [{ ...found, name: as }];
  });
  const spelled = own.map((declaration) => ({
    ...declaration,
    text: spelledOut(declaration.text, declarations),
  }));
  const exports = new Map([...spelled, ...others].map((declaration) => [declaration.name, declaration]));
  return { doc, exports: [...exports.values()] };
}

/** `(typeof WORDS)[number]` is the words. */
const spelledOut = (text: string, declarations: Parsed['declarations']): string =>
  text.replaceAll(/\(typeof (\w+)\)\[number\]/g, (whole, name: string) => {
    const [, words] = /: readonly \[([^\]]*)\];$/.exec(declarations.get(name)?.text ?? '') ?? [];
    return words?.replaceAll(', ', ' | ') ?? whole;
  });

function parse(path: string): Parsed {
  const declarations = new Map<string, Declaration>();
  const reexports: { name: string; as: string; from: string }[] = [];
  const imported = new Map<string, { readonly name: string; readonly from: string }>();
  const fileOf = (from: string) => normalize(join(dirname(path), from)).replace(/\.ts$/, '.d.ts');
  let moduleDoc = '';
  let doc = '';
  for (const block of blocks(readFileSync(join(packageRoot, 'dist', path), 'utf8'))) {
    if (block.startsWith('/**')) {
      doc = withoutStars(block);
      continue;
    }
    const line = block.replaceAll(/\s+/g, ' ');
    const [, imports, importedFrom = ''] = IMPORT.exec(line) ?? [];
    for (const { name, as } of named(imports)) imported.set(as, { name, from: fileOf(importedFrom) });
    const reexport = REEXPORT.exec(line);
    const name = DECLARATION.exec(block)?.[1];
    if (reexport !== null) {
      const [, list, from] = reexport;
      if (declarations.size === 0 && reexports.length === 0) moduleDoc = doc;
      for (const { name, as } of list === undefined ? [{ name: '*', as: '*' }] : named(list))
        reexports.push(
          from === undefined
            ? { name, from: path, ...imported.get(name), as }
            : { name, as, from: fileOf(from) },
        );
    } else if (name !== undefined) {
      const { text: before, doc: docBefore } = declarations.get(name) ?? {};
      // Overloads of a function follow one another.
      const text = before === undefined ? block : `${before}\n${block}`;
      declarations.set(name, { name, doc: docBefore ?? doc, text });
    }
    doc = '';
  }
  return { doc: moduleDoc, declarations, reexports };
}

/** The names of `{ a, type b as c }`. */
const named = (list = ''): { name: string; as: string }[] =>
  list.split(',').flatMap((item) => {
    const [name = '', as = name] = item
      .replace(/\btype /, '')
      .trim()
      .split(' as ');
    return name === '' ? [] : [{ name, as }];
  });

/** Comments and statements at the top level: each ends with the line that closes what it has opened. */
function blocks(text: string): string[] {
  const found: string[] = [];
  let lines: string[] = [];
  for (const line of text.split('\n')) {
    if (lines.length === 0 && line === '') continue;
    lines.push(line);
    const inComment = lines[0]?.startsWith('/**');
    if (!inComment && opened(lines) > 0) continue;
    if (inComment ? line.endsWith('*/') : /[;}]$/.test(line)) {
      found.push(lines.join('\n'));
      lines = [];
    }
  }
  return found;
}

/** Brackets that are open after these lines, those of comments left out. */
function opened(lines: readonly string[]): number {
  const code = lines.join('\n').replaceAll(/\/\*[\s\S]*?\*\//g, '');
  return (code.match(/[{([]/g) ?? []).length - (code.match(/[})\]]/g) ?? []).length;
}

const withoutStars = (comment: string): string =>
  comment
    .replace(/^\/\*\*\s?/, '')
    .replace(/\s*\*\/$/, '')
    .split('\n')
    .map((line) => line.replace(/^\s*\*\s?/, ''))
    .join('\n')
    .trim();
