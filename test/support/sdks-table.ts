import { SDKS } from '../../instrumentation/sdks/index.ts';

const cell = (lines: readonly string[]): string => lines.join('<br>').replaceAll('|', '\\|');

/** The table of SDKs as it stands in docs/sdks.md. */
export function sdksTable(): string {
  const rows = SDKS.map(({ packageName, supportedVersions, captures, limits = [], byHand }) => {
    const functions = byHand.map((name) => `\`${name}\``);
    return `| \`${packageName}\` | ${cell(supportedVersions)} | ${cell(captures)} | ${cell(limits)} | ${cell(functions)} |`;
  });
  return [
    '| package | versions | what is captured | what is not, and why | by hand |',
    '|---|---|---|---|---|',
    ...rows,
  ].join('\n');
}
