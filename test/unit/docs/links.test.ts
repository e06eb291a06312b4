import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, normalize } from 'node:path';
import { test } from 'node:test';
import { PAGES, type Page } from '../../support/docs/pages.ts';
import { packageRoot } from '../../support/root.ts';

interface Link {
  readonly from: string;
  /** From the root; the page itself for a link within it. */
  readonly to: string;
  readonly anchor: string | undefined;
}

const linksOf = ({ path, text }: Page): Link[] =>
  [...text.replaceAll(/```[\s\S]*?```/g, '').matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, target = '']) => {
    if (/^\w+:/.test(target)) return [];
    const [file = '', anchor] = target.split('#');
    return [{ from: path, to: file === '' ? path : normalize(join(dirname(path), file)), anchor }];
  });

const LINKS = PAGES.flatMap(linksOf);

/** Anchors of a page, as GitHub and npm make them. */
function anchorsOf(path: string): readonly string[] {
  const seen = new Map<string, number>();
  const text = readFileSync(join(packageRoot, path), 'utf8').replaceAll(/^ *```[\s\S]*?^ *```$/gm, '');
  return [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => {
    const slug = heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replaceAll(/\s/g, '-');
    const times = seen.get(slug) ?? 0;
    seen.set(slug, times + 1);
    return times === 0 ? slug : `${slug}-${times}`;
  });
}

test('every link of every page leads to a file that is there, and to a heading that it has', () => {
  assert.ok(LINKS.length > 100, `${LINKS.length}`);
  const broken = LINKS.filter(
    ({ to, anchor }) =>
      !existsSync(join(packageRoot, to)) ||
      (anchor !== undefined && to.endsWith('.md') && !anchorsOf(to).includes(anchor)),
  );
  assert.deepEqual(broken, []);
});

/** Files of the package that would be packed now. npm is asked once for all tests. */
const packedFiles = (): readonly string[] => {
  packed ??= pack();
  return packed;
};

let packed: readonly string[] | undefined;

/** Of all code in dist/ npm is not asked: no page leads there, and there is far more of it than of the rest. */
const pack = (): readonly string[] => {
  const { files } = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as {
    files: string[];
  };
  const named = files.filter((path) => path === 'dist/ui/web' || !/^!|^dist\//.test(path));
  const folder = mkdtempSync(join(tmpdir(), 'earshot-packed-'));
  try {
    for (const path of ['package.json', 'README.md', 'LICENSE', ...named])
      cpSync(join(packageRoot, path), join(folder, path), { recursive: true });
    const [answer] = JSON.parse(
      execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
        cwd: folder,
        encoding: 'utf8',
        shell: process.platform === 'win32',
      }),
    ) as { files: { path: string }[] }[];
    return answer?.files.map(({ path }) => path) ?? [];
  } finally {
    rmSync(folder, { recursive: true });
  }
};

test('the package has the page of earshot ui, with every file that its documents name', () => {
  const web = 'dist/ui/web';
  const files = packedFiles();
  const named = ['index.html', 'login.html'].flatMap((document) => [
    `${web}/${document}`,
    ...[...readFileSync(join(packageRoot, web, document), 'utf8').matchAll(/(?:src|href)="\/([^"]+)"/g)].map(
      ([, path]) => `${web}/${path}`,
    ),
  ]);
  assert.ok(
    ['.js', '.css', '.svg'].every((end) => named.some((path) => path.endsWith(end))),
    `${named}`,
  );
  assert.deepEqual(
    named.filter((path) => !files.includes(path)),
    [],
  );
  assert.ok(files.includes(`${web}/licences.txt`));
});

test('every link of a page that is in the package leads to a file that is in the package', () => {
  const files = packedFiles();
  const has = (path: string) => files.some((file) => file === path || file.startsWith(`${path}/`));
  assert.deepEqual(
    PAGES.filter(({ path }) => path.startsWith('docs/') && !has(path)),
    [],
  );
  assert.deepEqual(
    LINKS.filter(({ from, to }) => has(from) && !has(to)),
    [],
  );
});

test('every page of docs/ can be found from its index', () => {
  const reached = new Set(LINKS.filter(({ from }) => from === 'docs/README.md').map(({ to }) => to));
  const missing = PAGES.filter(({ path }) => /^docs\//.test(path) && !reached.has(path));
  assert.deepEqual(
    missing.map(({ path }) => path),
    ['docs/README.md'],
  );
});
