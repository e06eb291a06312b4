import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type InstrumentedSdk, SDKS } from '../../instrumentation/sdks/index.ts';
import { USES, type Use } from '../../instrumentation/sdks/kit/sdk.ts';
import { packageRoot } from './root.ts';

/** What is captured of an SDK and what cannot be: `<package name without its scope>.md` in the SDK's folder. */
export const aboutPath = ({ folder, packageName }: InstrumentedSdk): string =>
  join('instrumentation/sdks', folder, `${packageName.split('/').at(-1)}.md`);

/** A section for each SDK, as they stand in docs/sdks.md. */
export const sdkSections = (): string => SDKS.map(section).join('\n');

function section(sdk: InstrumentedSdk): string {
  const [title, ...about] = readFileSync(join(packageRoot, aboutPath(sdk)), 'utf8').split('\n');
  const functions = Object.keys(sdk.byHand).map((name) => `\`${name}\``);
  const byHand =
    functions.length > 0 ? ` Bundled: ${functions.join(', ')}.` : ' Bundled applications: the same.';
  const facts = `${versionsOf(sdk)}${byHand}`;
  return [`#${title}`, '', facts, ...about].join('\n');
}

function versionsOf({ supportedVersions, wireVersions = [] }: InstrumentedSdk): string {
  const wire = `ersions ${wireVersions.join(', ')} by what they say [on the wire](#without-an-sdk)`;
  if (supportedVersions.length === 0) return wireVersions.length === 0 ? 'Part of Node.' : `V${wire}.`;
  return `Versions ${supportedVersions.join(', ')}${wireVersions.length === 0 ? '' : `; v${wire}`}.`;
}

/** What is instrumented, by what it is used for, as in README.md. */
export const sdkUses = (): string =>
  [
    '| used for | packages |',
    '|---|---|',
    ...USES.map((use) => `| ${use} | ${SDKS.flatMap((sdk) => packageFor(sdk, use)).join(', ')} |`),
    '',
  ].join('\n');

function packageFor({ packageName, uses }: InstrumentedSdk, use: Use): string[] {
  const what = uses[use];
  if (what === undefined) return [];
  return [what === '' ? `\`${packageName}\`` : `\`${packageName}\` (${what})`];
}
