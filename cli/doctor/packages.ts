import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** A package as it is installed. */
export interface InstalledPackage {
  /** Without links. */
  readonly folder: string;
  readonly version: string;
}

interface Manifest {
  readonly version?: unknown;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

/** The package that a program in `folder` gets by its name; undefined when none is installed. */
export function findPackage(name: string, folder: string): InstalledPackage | undefined {
  for (const modules of modulesFolders(folder)) {
    const found = readPackage(join(modules, name));
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Every copy of a package below the `node_modules` of a folder: its own, those of its packages, and pnpm's. */
export function findCopies(name: string, folder: string): InstalledPackage[] {
  const copies = new Map<string, InstalledPackage>();
  for (const modules of modulesFolders(folder)) {
    const owners = namesIn(modules).flatMap((entry) =>
      entry.startsWith('@') ? namesIn(join(modules, entry)).map((scoped) => join(entry, scoped)) : [entry],
    );
    const store = join(modules, '.pnpm');
    const places = [
      join(modules, name),
      ...owners.map((owner) => join(modules, owner, 'node_modules', name)),
      ...namesIn(store).map((entry) => join(store, entry, 'node_modules', name)),
    ];
    for (const found of places.flatMap((place) => readPackage(place) ?? [])) copies.set(found.folder, found);
  }
  return [...copies.values()];
}

/** The names of the packages that the project asks for. */
export function askedFor(folder: string): ReadonlySet<string> {
  for (const above of ancestors(folder)) {
    const manifest = readManifest(above);
    if (manifest !== undefined)
      return new Set(Object.keys({ ...manifest.dependencies, ...manifest.devDependencies }));
  }
  return new Set();
}

function readPackage(folder: string): InstalledPackage | undefined {
  const version = readManifest(folder)?.version;
  return typeof version === 'string' ? { folder: realpathSync(folder), version } : undefined;
}

function readManifest(folder: string): Manifest | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
  } catch {
    return undefined;
  }
}

const modulesFolders = (folder: string): string[] =>
  ancestors(folder)
    .map((above) => join(above, 'node_modules'))
    .filter((modules) => existsSync(modules));

function ancestors(folder: string): string[] {
  const above = dirname(folder);
  return above === folder ? [folder] : [folder, ...ancestors(above)];
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
