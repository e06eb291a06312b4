import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../root.ts';

/** A page of the documentation. */
export interface Page {
  /** From the root of the package. */
  readonly path: string;
  readonly text: string;
}

const FOLDERS = ['docs', 'examples', 'deploy'];
const SINGLE = ['bench', 'collector-config', 'grafana', 'prometheus'].map((folder) => `${folder}/README.md`);

/** Every page that people read, the changelog left out: it says what was. */
export const PAGES: readonly Page[] = [
  'README.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  ...SINGLE,
  ...FOLDERS.flatMap((folder) =>
    readdirSync(join(packageRoot, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.md'))
      .map((name) => join(folder, name)),
  ),
].map((path) => ({ path, text: readFileSync(join(packageRoot, path), 'utf8') }));

/** A fenced block of code. */
export interface CodeBlock {
  readonly page: string;
  readonly language: string;
  readonly code: string;
}

const FENCE = /^( *)```(\w*)\n([\s\S]*?)\n\1```$/gm;

/** The code of a page, without the indentation of its list. */
export const codeBlocks = ({ path, text }: Page): CodeBlock[] =>
  [...text.matchAll(FENCE)].map(([, indent = '', language = '', code = '']) => ({
    page: path,
    language,
    code: code.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
  }));
