import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * The folder of the package, found by walking up from this module, so that sources, `dist` and any other build
 * directory find the same fixtures and examples.
 *
 * @throws Error when no `package.json` named `earshot` is above this module.
 */
export const packageRoot: string = findPackageRoot(dirname(fileURLToPath(import.meta.url)));

function findPackageRoot(start: string): string {
  for (let folder = start; ; folder = dirname(folder)) {
    const path = join(folder, 'package.json');
    if (existsSync(path) && JSON.parse(readFileSync(path, 'utf8')).name === 'earshot') {
      return dirname(realpathSync(path));
    }
    if (dirname(folder) === folder) throw new Error(`No package.json named earshot above ${start}`);
  }
}
