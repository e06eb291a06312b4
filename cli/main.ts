#!/usr/bin/env node
import { parseArgs } from 'node:util';
import { safeText } from '../model/safe-text.ts';
import { readSettings, SettingError } from '../model/settings.ts';
import { VERSION } from '../model/version.ts';
import {
  type Command,
  CommandError,
  type ExitCode,
  type Invocation,
  type Io,
  UsageError,
} from './command.ts';
import { COMMANDS } from './command-list.ts';
import { streamTo } from './stream.ts';

const OVERVIEW = `earshot ${VERSION}: see where the silence in a voice agent's calls goes, and what each call costs.

Usage: earshot COMMAND [options]

${Object.entries(COMMANDS)
  .map(([name, { summary }]) => `  ${name.padEnd(12)} ${summary}`)
  .join('\n')}

earshot COMMAND --help   explains one command.
earshot --version        prints the version.

To watch an agent of your own:

  earshot watch -- node agent.js
`;

const columns = process.stdout.columns || Number(process.env.COLUMNS) || undefined;
const io: Io = {
  out: (text) => void process.stdout.write(`${text}\n`),
  err: (text) => void process.stderr.write(`${text}\n`),
  stream: streamTo(process.stdout),
  colour: process.stdout.isTTY === true && process.env.NO_COLOR === undefined,
  width: columns ?? 100,
  screen: columns ?? Number.POSITIVE_INFINITY,
};

async function main([name, ...rest]: readonly string[]): Promise<ExitCode> {
  if (name === '--version' || name === '-v') return print(VERSION);
  if (name === undefined || name === '--help' || name === '-h') return print(OVERVIEW);
  if (name === 'help') return print(rest[0] === undefined ? OVERVIEW : (await find(rest[0])).help);
  const command = await find(name);
  const { values, positionals } = parse(command, rest);
  if (values.help === true) return print(command.help);
  if (positionals.length > command.maxArguments)
    throw new UsageError(
      `saw the argument ${positionals[command.maxArguments]}, expected no more than ${command.maxArguments}.`,
    );
  if (!takesCommand(command) && positionals.includes(''))
    throw new UsageError(`saw an argument that is empty. See earshot ${command.name} --help.`);
  return command.run({ arguments: positionals, options: values, io });
}

function find(name: string): Promise<Command> {
  const listed = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (listed) return listed.load();
  throw new UsageError(`there is no command ${name}; there are ${Object.keys(COMMANDS).join(', ')}.`);
}

function parse(command: Command, args: readonly string[]) {
  try {
    const { values, positionals } = parseArgs({
      args: withNegatives(endsOptions(command) ? beforeCommand(args, command) : args, command),
      options: { ...command.options, help: { type: 'boolean', short: 'h' } },
      allowPositionals: true,
    });
    return { values: values as Invocation['options'], positionals };
  } catch (error) {
    throw new UsageError(`${oneLine(error as Error, args)} See earshot ${command.name} --help.`);
  }
}

const takesCommand = ({ maxArguments }: Command): boolean => maxArguments === Number.POSITIVE_INFINITY;
/** Its first argument is the command, and what follows the command's own. */
const endsOptions = (command: Command): boolean => takesCommand(command) && command.firstIsOwn !== true;

/** `--seed -1` as `--seed=-1`: no option is a digit, and the command says what it expects in place of a negative number. */
function withNegatives(args: readonly string[], { options }: Command): string[] {
  const end = args.includes('--') ? args.indexOf('--') : args.length;
  const joined: string[] = [];
  for (let at = 0; at < args.length; at += 1) {
    const [arg = '', next = ''] = [args[at], args[at + 1]];
    const takesNext = at + 1 < end && arg.startsWith('--') && options[arg.slice(2)]?.type === 'string';
    const isNegative = takesNext && /^-\.?\d/.test(next);
    joined.push(isNegative ? `${arg}=${next}` : arg);
    if (isNegative) at += 1;
  }
  return joined;
}

/** What Node says of options it cannot read: its first sentence, without advice on values that look like options. */
function oneLine({ message }: Error, args: readonly string[]): string {
  const option = /^Option '(-[\w-]+)' argument is ambiguous/.exec(message)?.[1];
  return option === undefined
    ? `${message.split('. ', 1)[0]}.`
    : `${option}: saw ${args[args.indexOf(option) + 1]}, expected its value.`;
}

/** What follows the first argument that is no option is a command's own, as after `--`. */
function beforeCommand(args: readonly string[], { options }: Command): string[] {
  const isValue = (index: number) => options[args[index - 1]?.slice(2) ?? '']?.type === 'string';
  const first = args.findIndex((arg, index) => arg === '--' || !(arg.startsWith('-') || isValue(index)));
  return first < 0 || args[first] === '--' ? [...args] : args.toSpliced(first, 0, '--');
}

function print(text: string): ExitCode {
  io.out(text);
  return 0;
}

/** What an error of something that a command uses comes to: the database, most likely. */
async function unforeseen(error: unknown): Promise<string> {
  if (process.env.EARSHOT_DEBUG !== undefined || !(error instanceof Error))
    return String((error as Error)?.stack ?? error);
  // It is loaded already where an error can be of a database.
  const { databaseProblem } = await import('./database-problem.ts');
  return databaseProblem(error, readSettings().databaseUrl) ?? error.message;
}

// `earshot report | head`: the reader has seen enough.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  const wrongly = error instanceof UsageError || error instanceof SettingError;
  const text = wrongly || error instanceof CommandError ? error.message : await unforeseen(error);
  io.err(`earshot: ${text.split('\n').map(safeText).join('\n')}`);
  process.exitCode = wrongly ? 2 : 1;
}
