// The licences of everything that package-lock.json names, against a list. What is installed with earshot must be under one
// of FREE; what only its tests use may also be under one of TOOLS, for it is not passed on.
import { readFileSync } from 'node:fs';

const FREE = new Set(['0BSD', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', 'ISC', 'MIT']);
/**
 * Programs and libraries that builds and tests run: libvips, LiveKit's local models, FFmpeg, whose package names its licence
 * freely, and what checks and packs the page (axe-core, lightningcss).
 */
const TOOLS = new Set([
  ...FREE,
  'BlueOak-1.0.0',
  'CC0-1.0',
  'Unlicense',
  'MPL-2.0',
  'LGPL-2.1',
  'LGPL-2.1-or-later',
  'LGPL-3.0-or-later',
  'LicenseRef-LiveKit-Model',
  'GPLv3',
  'https://git.ffmpeg.org/gitweb/ffmpeg.git/blob_plain/HEAD:/LICENSE.md',
]);
/** Packages that have a licence file, and a package.json that does not name it. */
const READ_BY_HAND = {
  async: 'MIT',
  'cohere-ai': 'MIT',
  'cohere-ai-oldest': 'MIT',
  hume: 'MIT',
  'hume-oldest': 'MIT',
};

const lock = JSON.parse(readFileSync(new URL('../package-lock.json', import.meta.url), 'utf8'));

/** Whether an SPDX expression can be met with these licences: every part of AND, one of OR. */
const isMet = (expression, allowed) =>
  expression
    .replaceAll(/[()]/g, '')
    .split(' AND ')
    .every((part) => part.split(' OR ').some((licence) => allowed.has(licence)));

let packages = 0;
for (const [path, { license, dev, devOptional }] of Object.entries(lock.packages)) {
  if (path === '') continue;
  packages += 1;
  const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
  const licence = READ_BY_HAND[name] ?? license ?? 'none';
  if (isMet(licence, dev || devOptional ? TOOLS : FREE)) continue;
  console.error(`${name}: ${licence} is not in the list of scripts/licences.mjs`);
  process.exitCode = 1;
}
if (packages === 0) throw new Error('package-lock.json names no packages');
