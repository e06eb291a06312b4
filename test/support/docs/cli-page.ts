import { runLines } from '../cli.ts';

/** The help of `earshot` and of each of its commands, for docs/cli.md. */
export async function cliSections(cwd: string): Promise<string> {
  const helpOf = async (lines: readonly (readonly string[])[]) =>
    (await runLines(lines, { cwd })).map(({ stdout }) => stdout.trimEnd());
  const [overview = ''] = await helpOf([['--help']]);
  const names = [...overview.matchAll(/^ {2}(\w+) {2,}\S/gm)].map(([, name = '']) => name);
  const pages = await helpOf(names.map((name) => [name, '--help']));
  const block = (text: string) => `\`\`\`text\n${text}\n\`\`\`\n`;
  // Its first line has the version, which changes with every release.
  return [
    block(overview.replace(/^earshot [\d.]+\S*:/, 'earshot:')),
    ...pages.map((text, index) => `## \`earshot ${names[index]}\`\n\n${block(text)}`),
  ].join('\n');
}
