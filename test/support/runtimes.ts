import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { REGISTER } from './program.ts';

const register = fileURLToPath(REGISTER);

/** What else runs agents than Node: how a program of theirs is started with earshot, and why not here. */
export const RUNTIMES = [
  { name: 'Bun', program: 'bun', args: ['--preload', register], from: '@oven/bun-linux-x64' },
  {
    name: 'Deno',
    program: 'deno',
    args: ['run', '--allow-all', '--preload', register],
    from: '@deno/linux-x64-glibc',
  },
].map(({ from, ...runtime }) => ({ ...runtime, skip: whyNot(runtime.program, from) }));

function whyNot(program: string, from: string): string | false {
  const found = spawnSync(program, ['--version']).status === 0;
  return !found && `${program} is not on the PATH: npm install ${from}, whose package has the program in it`;
}
