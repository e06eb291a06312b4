// Node of other versions, out of the npm packages node-PLATFORM-ARCH: plain archives, without install scripts.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** The folder with the program `node` of a major version, installed below `folder` at most once. */
export function nodeFolder(folder, version) {
  if (process.versions.node.startsWith(`${version}.`)) return join(process.execPath, '..');
  const name = `node-${process.platform}-${process.arch}`;
  const prefix = join(folder, `node-${version}`);
  const bin = join(prefix, 'node_modules', name, 'bin');
  if (!existsSync(bin))
    execFileSync(
      'npm',
      ['install', '--prefix', prefix, '--ignore-scripts', '--no-save', `${name}@${version}`],
      {
        stdio: ['ignore', 'ignore', 'inherit'],
      },
    );
  return bin;
}
