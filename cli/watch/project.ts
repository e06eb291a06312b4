import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** The file of `earshot/register`: the project's own copy, which its code imports too; else the one beside this command. */
export function registerUrl(folder: string): string {
  try {
    return pathToFileURL(createRequire(join(folder, 'package.json')).resolve('earshot/register')).href;
  } catch {
    return import.meta.resolve('earshot/register');
  }
}

/** What a program in this folder is called: the name of its package, else of the folder. */
export function projectName(folder: string): string {
  for (let above = folder; above !== dirname(above); above = dirname(above)) {
    try {
      const { name } = JSON.parse(readFileSync(join(above, 'package.json'), 'utf8')) as { name?: unknown };
      if (typeof name === 'string' && name !== '') return name;
    } catch {} // There is none, or it is not for us to report.
  }
  return basename(folder) || 'agent';
}
