import { CallFileError, type Sound, writeCallFile } from '../../exporter/call-file/index.ts';
import { loadPriceList } from '../../exporter/pipeline/price-list.ts';
import { errorClass, partsOf } from '../../exporter/store/index.ts';
import { safeText } from '../../model/safe-text.ts';
import { readSettings, type Settings } from '../../model/settings.ts';
import { openKept } from '../../recordings/kept.ts';
import { recordingsOf } from '../../ui/server/recordings.ts';
import { type SavedCall, savedCall } from '../../ui/server/saved-call.ts';
import { type Command, CommandError, type ExitCode, type Invocation, UsageError } from '../command.ts';
import { finalizeEnded } from '../finalize-ended.ts';
import { openReadingDatabase } from '../reading-database.ts';
import { checkRecordings } from '../recordings.ts';
import { toJson } from '../render/json.ts';
import { count } from '../render/text.ts';
import { findCall } from '../report/find-call.ts';

export const save: Command = {
  name: 'save',
  help: `Usage: earshot save CALL --out FILE [--content] [--sound] [--tenant NAME] [--force]

Writes a finished call into one file: its rows, the spans that they were computed from, and the prices that were used. With
earshot open the reader of the file sees the call without a database and without a network, and its rows can be computed
again from it, to the last byte. A database role that may only SELECT is enough.

CALL is an id, or the beginning of one.

  -o, --out FILE   the file, such as bad-call.earshot
  --content        also what was said, where it was captured. Without it the file has no transcripts
  --sound          also the recordings of the call (EARSHOT_RECORDINGS), in which everything that was said can be heard
  --tenant NAME    a call of this tenant
  --force          replaces FILE where it is there
  --json           what was written, in place of a sentence

The file has ids, names of providers and models, figures, prices and tags: docs/call-files.md lists what it holds.

Reads EARSHOT_DATABASE_URL (or DATABASE_URL), else the embedded database in .earshot (EARSHOT_DATA_DIR).`,
  options: {
    out: { type: 'string', short: 'o' },
    content: { type: 'boolean' },
    sound: { type: 'boolean' },
    tenant: { type: 'string' },
    force: { type: 'boolean' },
    json: { type: 'boolean' },
  },
  maxArguments: 1,
  run,
};

async function run({ arguments: [given], options, io }: Invocation): Promise<ExitCode> {
  const { out, tenant } = options;
  if (given === undefined)
    throw new UsageError('saw no call, expected its id: earshot save CALL --out bad-call.earshot.');
  if (typeof out !== 'string' || out === '')
    throw new UsageError('--out is missing: say into which file, such as bad-call.earshot.');
  const settings = readSettings();
  const database = await openReadingDatabase(settings);
  try {
    await finalizeEnded(database, settings, io);
    const { db } = database;
    const key = await findCall(db, given, typeof tenant === 'string' ? [tenant] : undefined);
    const { callId } = partsOf(key);
    const { maxCallSpans, callGap: callGapMs } = settings;
    const priceList = await loadPriceList(settings, (text) => io.err(`earshot: ${safeText(text)}`));
    const content = options.content === true;
    const saved = await savedCall(db, key, { priceList, maxCallSpans, callGapMs, content });
    if (saved === undefined) throw new CommandError(`there is no finished call "${safeText(callId)}".`);
    const sound = options.sound === true ? await soundOf(saved, settings) : undefined;
    const recordings = sound?.recordings ?? [];
    const bytes = await written(out, saved, sound, options.force === true);
    const { turns, facts } = saved.file;
    if (saved.differences.length > 0)
      io.err(
        `earshot: the rows of ${safeText(callId)} are not what its spans come to now (${saved.differences.slice(0, 5).join(', ')}): other prices or another earshot computed them. The file has the rows as they are.`,
      );
    if (options.json === true)
      io.out(
        toJson({
          file: out,
          bytes,
          call_id: callId,
          tenant: saved.file.metrics.tenant,
          turns: turns.length,
          spans: facts.length,
          content,
          recordings: recordings.length,
          differences: saved.differences,
        }),
      );
    else
      io.out(
        [
          `${safeText(out)}: call ${safeText(callId)}`,
          count(turns.length, 'turn'),
          facts.length > 0 ? count(facts.length, 'span') : 'no spans, which have expired',
          ...(recordings.length > 0 ? [count(recordings.length, 'recording')] : []),
          content ? 'with what was said' : 'without what was said',
          count(bytes, 'byte'),
        ].join(', '),
      );
    return 0;
  } finally {
    await database.close();
  }
}

async function soundOf({ file }: SavedCall, settings: Settings): Promise<Sound> {
  const { recordings } = settings;
  if (recordings === undefined)
    throw new CommandError('--sound: EARSHOT_RECORDINGS does not say where recordings are.');
  await checkRecordings(settings);
  const { place } = await openKept(recordings);
  const found = await recordingsOf(place, file.metrics).catch((cause: unknown) => {
    throw new CommandError(`--sound: ${place.name} cannot be read (${errorClass(cause)}).`, { cause });
  });
  if (found.length > 0) return { place, recordings: found };
  throw new CommandError(`--sound: there is no recording of ${safeText(file.metrics.call_id)}.`);
}

async function written(
  out: string,
  { file }: SavedCall,
  sound: Sound | undefined,
  replace: boolean,
): Promise<number> {
  try {
    return await writeCallFile(out, file, { sound, replace });
  } catch (error) {
    if (error instanceof CallFileError)
      throw new CommandError(
        `--out: ${error.message}${/already$/.test(error.message) ? '; --force replaces it' : ''}.`,
      );
    throw error;
  }
}
