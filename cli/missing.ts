import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

/** Packages that only some commands need, and that may be left out: by what they are for. */
const NEEDED = {
  database: ['@electric-sql/pglite', '@electric-sql/pglite-socket'],
  parquet: ['hyparquet-writer'],
  mcp: ['@modelcontextprotocol/server'],
  replay: ['ws'],
  demo: ['@deepgram/sdk', 'groq-sdk', '@cartesia/cartesia-js', 'ws'],
} as const;

const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as Record<
  string,
  Record<string, string> | undefined
>;

/** Packages of a need with their versions, as npm installs them. */
export const packagesFor = (need: keyof typeof NEEDED): string[] =>
  NEEDED[need].map((name) => `${name}@${versionOf(name)}`);

/** The one command that installs what is missing for these; undefined when nothing is. */
export function missingPackages(...needs: readonly (keyof typeof NEEDED)[]): string | undefined {
  const here = createRequire(import.meta.url);
  const missing = needs.flatMap((need) => NEEDED[need]).filter((name) => !isInstalled(here, name));
  if (missing.length === 0) return undefined;
  // npx has a folder of its own: what is installed in the project is found only by an earshot of the project.
  const project = createRequire(join(process.cwd(), 'package.json'));
  const earshot = isInstalled(project, 'earshot') ? [] : ['earshot', '@opentelemetry/api'];
  const wanted = missing.map((name) => `${name}@${versionOf(name)}`);
  return `npm install ${[...earshot, ...wanted].join(' ')}`;
}

/** Exact where the packages fit only one another; else the major version, as the demo was tried with. */
function versionOf(name: string): string {
  const version = manifest.optionalDependencies?.[name];
  return version ?? (manifest.devDependencies?.[name] ?? 'latest').replace(/^\D*(\d+)\..*/, '$1');
}

function isInstalled(require: NodeJS.Require, name: string): boolean {
  // Of a package that exports no package.json, its folder says the same.
  return (require.resolve.paths(name) ?? []).some((folder) => {
    try {
      readFileSync(join(folder, name, 'package.json'));
      return true;
    } catch {
      return false;
    }
  });
}
