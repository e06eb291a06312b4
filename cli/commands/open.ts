import { open as openFile, rm } from 'node:fs/promises';
import { type CallFile, CallFileError, computedAgain, readCallFile } from '../../exporter/call-file/index.ts';
import { safeText } from '../../model/safe-text.ts';
import { VERSION } from '../../model/version.ts';
import { type Command, CommandError, type ExitCode, type Invocation, UsageError } from '../command.ts';
import { toJson } from '../render/json.ts';
import { count, painter, showInstant, wrapped } from '../render/text.ts';
import { callJson } from '../report/call-json.ts';
import { callText } from '../report/call-text.ts';

export const open: Command = {
  name: 'open',
  help: `Usage: earshot open FILE [--json] [--utc] [--sound FILE]

Shows the call in a file of earshot save as earshot report CALL shows it, and says whether its rows are what the spans and
prices in the file come to. Needs no database and no network, and writes nothing.

  --json         the rows with their turns, as earshot report CALL --json has them
  --sound FILE   writes the recording that is in the file to FILE; of several the first, the others to FILE.2, FILE.3
  --utc          times in UTC, in place of the local time zone

A file from someone else is read with care: one that is damaged, cut off, changed, larger than a call can be, or not of
earshot is refused with exit code 1.`,
  options: { json: { type: 'boolean' }, sound: { type: 'string' }, utc: { type: 'boolean' } },
  maxArguments: 1,
  run,
};

async function run({ arguments: [path], options, io }: Invocation): Promise<ExitCode> {
  if (path === undefined) throw new UsageError('saw no file, expected one that earshot save wrote.');
  const { sound } = options;
  try {
    const file = await (typeof sound === 'string' ? withSound(path, sound) : readCallFile(path));
    const again = computedAgain(file);
    const call = { ...file, running: false };
    if (options.json === true) io.out(toJson(callJson(call)));
    else io.out(callText(call, options.utc === true, io));
    const paint = painter(io.colour);
    io.err(paint('dim', wrapped(origin(file, again?.differences, options.utc === true), io.screen)));
    if (typeof sound === 'string' && file.sounds.length === 0)
      throw new CommandError('--sound: there is no recording in the file.');
    return 0;
  } catch (error) {
    if (error instanceof CallFileError) throw new CommandError(`${path}: ${error.message}.`);
    throw error;
  }
}

/** Where the call is from, and whether its rows are what its spans come to. */
function origin(file: CallFile, differences: readonly string[] | undefined, utc: boolean): string {
  const { writtenBy, savedAtUs, content, facts, sounds, priceList } = file;
  const from = `Saved ${showInstant(savedAtUs, utc)} by earshot ${safeText(writtenBy)}${content ? '' : ', without what was said'}${sounds.length > 0 ? `, with ${count(sounds.length, 'recording')}` : ''}.`;
  if (differences === undefined) return `${from} Its spans had expired: the rows cannot be computed again.`;
  const spans = `${count(facts.length, 'span')} and the prices of ${safeText(priceList)}`;
  if (differences.length === 0) return `${from} ${spans} give the same rows.`;
  const which = `${differences.slice(0, 5).join(', ')}${differences.length > 5 ? ` and ${differences.length - 5} more` : ''}`;
  return `${from} ${spans} give other rows here: ${which}.${writtenBy === VERSION ? '' : ` This is earshot ${VERSION}.`}`;
}

/** Reads a file and writes its recordings beside one another; none is left when the file is not whole. */
async function withSound(path: string, to: string): Promise<CallFile> {
  const written: string[] = [];
  let handle: Awaited<ReturnType<typeof openFile>> | undefined;
  let current = -1;
  try {
    const file = await readCallFile(path, async ({ index, bytes }) => {
      if (index !== current) {
        await handle?.close();
        const name = index === 0 ? to : `${to}.${index + 1}`;
        handle = await openFile(name, 'wx', 0o600).catch((error: NodeJS.ErrnoException) => {
          throw new CommandError(`--sound: ${safeText(name)} cannot be written (${error.code}).`);
        });
        written.push(name);
        current = index;
      }
      await handle?.write(bytes);
    });
    return file;
  } catch (error) {
    await Promise.all(written.map((name) => rm(name, { force: true })));
    throw error;
  } finally {
    await handle?.close();
  }
}
