// Builds the page's client (ui/web) into dist/ui/web, when what it is made of has changed since the last time.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../', import.meta.url));
const out = `${root}dist/ui/web`;
const stamp = `${root}dist/.page-stamp`;

const hash = createHash('sha256');
for (const folder of ['ui/web', 'ui/shared', 'model']) {
  for (const name of readdirSync(`${root}${folder}`, { recursive: true, withFileTypes: true })) {
    if (!name.isFile()) continue;
    const path = `${name.parentPath}/${name.name}`;
    hash.update(path.slice(root.length)).update(readFileSync(path));
  }
}
for (const path of ['package-lock.json', 'scripts/build-page.mjs'])
  hash.update(readFileSync(`${root}${path}`));
const digest = hash.digest('hex');

const isBuilt =
  existsSync(`${out}/index.html`) && existsSync(stamp) && readFileSync(stamp, 'utf8') === digest;
if (!isBuilt || process.argv.includes('--force')) {
  const { build } = await import('vite');
  await build({
    root: `${root}ui/web`,
    configFile: false,
    logLevel: 'warn',
    base: '/',
    build: {
      outDir: out,
      emptyOutDir: true,
      target: 'es2022',
      // Inlined files would be data: URLs, which the page's policy refuses.
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      reportCompressedSize: false,
      rollupOptions: { input: [`${root}ui/web/index.html`, `${root}ui/web/login.html`] },
    },
    oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  });
  // What is packed into the client asks for its notice to go along.
  const packed = ['preact', '@preact/signals', '@preact/signals-core', 'uplot'];
  const notices = packed.map(
    (name) => `${name}\n\n${readFileSync(`${root}node_modules/${name}/LICENSE`, 'utf8')}`,
  );
  writeFileSync(`${out}/licences.txt`, notices.join('\n\n'));
  writeFileSync(stamp, digest);
}
