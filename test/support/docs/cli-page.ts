import { runCli } from '../cli.ts';

/** The help of `earshot` and of each of its commands, for docs/cli.md. */
export async function cliSections(cwd: string): Promise<string> {
  const help = async (...args: string[]) => (await runCli([...args, '--help'], { cwd })).stdout.trimEnd();
  const overview = await help();
  const names = [...overview.matchAll(/^ {2}(\w+) {2,}\S/gm)].map(([, name = '']) => name);
  const pages = await Promise.all(names.map(async (name) => [name, await help(name)] as const));
  const block = (text: string) => `\`\`\`text\n${text}\n\`\`\`\n`;
  // Its first line has the version, which changes with every release.
  return [
    block(overview.replace(/^earshot [\d.]+\S*:/, 'earshot:')),
    ...pages.map(([name, text]) => `## \`earshot ${name}\`\n\n${block(text)}`),
  ].join('\n');
}
