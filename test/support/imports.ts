import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, posix } from 'node:path';
import { packageRoot } from './root.ts';

/** Folders of source, and the file above all of them. Tests import what they like. */
const SOURCES = [
  'index.ts',
  'model',
  'recordings',
  'storage',
  'instrumentation',
  'exporter',
  'ui',
  'cli',
  'demo',
  'grafana',
  'bench',
  'vendor',
];

const IMPORT =
  /(?:^|\s)(?:import|export)\s(type\s)?[^'";]*?from\s*'([^']+)'|\bimport\(\s*'([^']+)'|(?:^|\n)import\s*'([^']+)'/g;

/** The code without comments: what the words say does not matter. */
export const withoutComments = (source: string): string =>
  source.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|[^:'"])\/\/.*$/gm, '$1');

interface Import {
  specifier: string;
  /** Gone when the code runs. */
  typeOnly: boolean;
}

/** What a piece of code imports. */
export const importsOf = (code: string): Import[] =>
  [...code.matchAll(IMPORT)].map(([, type, from, dynamic, bare]) => ({
    specifier: from ?? dynamic ?? bare ?? '',
    typeOnly: type !== undefined,
  }));

/** From what to what an import goes. */
export interface Edge {
  from: string;
  to: string;
}

/** Every import of a file of ours, with paths from the root. */
export function ownImports(): (Edge & { typeOnly: boolean })[] {
  return sourceFiles().flatMap((from) =>
    importsOf(withoutComments(readFileSync(join(packageRoot, from), 'utf8')))
      .filter(({ specifier }) => specifier.startsWith('.'))
      .map(({ specifier, typeOnly }) => ({
        from,
        to: posix.join(posix.dirname(from), specifier),
        typeOnly,
      })),
  );
}

function sourceFiles(): string[] {
  return SOURCES.flatMap((source) =>
    statSync(join(packageRoot, source)).isFile()
      ? [source]
      : readdirSync(join(packageRoot, source), { recursive: true, encoding: 'utf8' })
          .filter((name) => /(?<!\.d)\.tsx?$/.test(name))
          .map((name) => posix.join(source, name.replaceAll('\\', '/'))),
  ).sort();
}

/**
 * The room of a file: a folder of `instrumentation`, `exporter` or `ui`, any other folder at the top, or the file itself where
 * it lies beside rooms and is no entry. Folders of providers are one room.
 */
export function roomOf(file: string): string {
  const [top = '', second, third] = file.split('/');
  if (top === 'ui') return `ui/${second}`;
  if (second === undefined || (top !== 'instrumentation' && top !== 'exporter')) return top;
  if (third === undefined) return file === 'exporter/finalize.ts' ? 'exporter/finalize' : top;
  if (second !== 'sdks') return `${top}/${second}`;
  if (third === 'kit') return 'instrumentation/sdks/kit';
  return third.endsWith('.ts') ? 'instrumentation/sdks' : 'instrumentation/sdks/PROVIDER';
}

/** Imports between rooms, each once. */
export function roomImports(): Edge[] {
  const edges = ownImports().map(({ from, to }) => ({ from: roomOf(from), to: roomOf(to) }));
  const distinct = new Map(edges.map((edge) => [`${edge.from} ${edge.to}`, edge]));
  return [...distinct.values()].filter(({ from, to }) => from !== to);
}

/** The circles of a graph: each a list of nodes that reach one another. */
export function circles(edges: readonly Edge[]): string[][] {
  const next = new Map<string, Set<string>>();
  for (const { from, to } of edges) next.set(from, (next.get(from) ?? new Set()).add(to));
  const order = new Map<string, number>();
  const path: string[] = [];
  const found: string[][] = [];
  // Tarjan's: a node that reaches nothing older than itself ends a circle, or is one alone.
  const visit = (node: string): number => {
    const own = order.size;
    order.set(node, own);
    path.push(node);
    let oldest = own;
    for (const to of next.get(node) ?? []) {
      const seen = order.get(to);
      if (seen === undefined) oldest = Math.min(oldest, visit(to));
      else if (path.includes(to)) oldest = Math.min(oldest, seen);
    }
    if (oldest === own) {
      const circle = path.splice(path.indexOf(node));
      if (circle.length > 1 || next.get(node)?.has(node)) found.push(circle.sort());
    }
    return oldest;
  };
  for (const node of next.keys()) if (!order.has(node)) visit(node);
  return found;
}
