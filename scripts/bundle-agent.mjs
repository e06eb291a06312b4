// Puts what runs in an agent's process into few files, dist/agent: what package.json exports, and what those load when it is
// needed. Node takes as long to find, read and link a file as to run what stands in ours, and there are two hundred.
//
// A module is in one file, whichever of them an application loads: chunks hold what several share. Paths are as in dist,
// so that what is loaded by its path is found, and dist itself stays what tests and commands run.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, posix, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('../', import.meta.url));
const dist = join(root, 'dist');
const agent = join(dist, 'agent');
/** What an agent's process can run. */
const SOURCES = ['instrumentation', 'exporter', 'model', 'recordings'];

/** Calls of `createRequire(import.meta.url)`, workers: a file of ours that is loaded by its path. */
const BY_PATH = /(?:\bfile\(|new URL\()\s*['"](\.[^'"]+\.js)['"]/g;
/** In place of `import.meta.url`, until it is known which file a module has come to be in. */
const HOME = /__home\("([^"]+)"\)/g;

const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const exported = Object.values(exports).flatMap((target) =>
  typeof target === 'string' ? [] : [target.default.replace('./dist/agent/', '')],
);

const byPath = SOURCES.flatMap((folder) =>
  readdirSync(join(dist, folder), { recursive: true })
    .filter((name) => name.endsWith('.js'))
    .flatMap((name) => {
      const path = posix.join(folder, name.replaceAll('\\', '/'));
      const code = readFileSync(join(dist, path), 'utf8');
      return [...code.matchAll(BY_PATH)].map(([, to]) => posix.join(posix.dirname(path), to));
    }),
);

const homes = {
  name: 'homes',
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]dist[\\/].*\.js$/ }, ({ path }) => {
      const code = readFileSync(path, 'utf8');
      if (!code.includes('import.meta.url')) return undefined;
      const module = relative(dist, path).replaceAll('\\', '/');
      return { contents: code.replaceAll('import.meta.url', `__home(${JSON.stringify(module)})`) };
    });
  },
};

const { outputFiles } = await build({
  entryPoints: [...new Set([...exported, ...byPath])].map((path) => join(dist, path)),
  outbase: dist,
  outdir: agent,
  chunkNames: 'chunks/[hash]',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  packages: 'external',
  write: false,
  plugins: [homes],
});

rmSync(agent, { recursive: true, force: true });
for (const { path, text } of outputFiles) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(
    path,
    text.replaceAll(HOME, (_, module) => {
      // What is not code of ours is in its place in dist only.
      const home = module.startsWith('vendor/') ? join(dist, module) : join(agent, module);
      const to = relative(dirname(path), home).replaceAll('\\', '/');
      return `new URL(${JSON.stringify(to.startsWith('.') ? to : `./${to}`)}, import.meta.url).href`;
    }),
  );
}
