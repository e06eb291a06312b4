import { AGREEING } from '../../exporter/acoustics/call-proof.ts';
import { readSettings } from '../../model/settings.ts';
import { type Command, type ExitCode, type Invocation, UsageError } from '../command.ts';
import { CHOICE_HELP, CHOICE_OPTIONS } from '../filter-options.ts';
import { finalizeEnded } from '../finalize-ended.ts';
import { DEFAULT_SINCE, MOST_CALLS, readSeconds, recentFilter } from '../journal-calls.ts';
import { openReadingDatabase } from '../reading-database.ts';
import { toJson } from '../render/json.ts';
import { painter } from '../render/text.ts';
import { findCall } from '../report/find-call.ts';
import { proveAll, proveOne } from '../verify/prove.ts';
import { allJson, allText, callJson, callText } from '../verify/render.ts';

export const verify: Command = {
  name: 'verify',
  help: `Usage: earshot verify CALL [--audio FILE] [options]
       earshot verify --all [options]

Finds who speaks when in a recording with the caller on one side and the agent on the other, and holds the silence before each answer
against eou_latency: from the end of the user's speech to the first sound of the agent. Says why a turn differs.

CALL is an id, or the beginning of one. Its recordings are those that are kept (EARSHOT_RECORDINGS), whose first instant is known.

  --audio FILE         this recording in their place: WAV (PCM, floating point, A-law, mu-law) or Ogg Opus, in stereo, caller left.
                       It is placed in the call where it fits best, whenever it begins
  --all                every call that has a recording. Which calls (default: --since ${DEFAULT_SINCE}), at most the latest ${MOST_CALLS.toLocaleString('en-US')}:

${CHOICE_HELP}

  --within TIME        ends with 1 where the p95 of the differences is more: 20ms. Without it, where nothing could be compared
  --agreeing TIME      a difference up to that needs no reason (default ${AGREEING * 1_000}ms)
  --json               the same as JSON, in seconds
  --utc                dates of --since and --until in UTC

Spans of the calls must still be in the journal. A database role that may only SELECT is enough; what was heard in a recording is kept
beside it, where that can be written. Reads EARSHOT_DATABASE_URL (or DATABASE_URL), else the embedded database in .earshot
(EARSHOT_DATA_DIR).`,
  options: {
    ...CHOICE_OPTIONS,
    audio: { type: 'string' },
    all: { type: 'boolean' },
    within: { type: 'string' },
    agreeing: { type: 'string' },
    json: { type: 'boolean' },
    utc: { type: 'boolean' },
  },
  maxArguments: 1,
  run,
};

async function run({ arguments: [given], options, io }: Invocation): Promise<ExitCode> {
  const { audio, all, tenant } = options;
  if (all === true && (given !== undefined || audio !== undefined))
    throw new UsageError(
      `saw --all beside ${given === undefined ? '--audio' : 'a call'}, expected one of them.`,
    );
  if (all !== true && given === undefined)
    throw new UsageError('saw no call, expected its id, or --all: earshot verify CALL --audio call.wav.');
  if (audio === '') throw new UsageError('--audio: saw nothing, expected a file such as call.wav.');
  const within = readSeconds('within', options.within, '20ms');
  const agreeing = readSeconds('agreeing', options.agreeing, '50ms') ?? AGREEING;
  const filter = recentFilter(options, options.utc === true);
  const settings = readSettings();
  const database = await openReadingDatabase(settings);
  try {
    await finalizeEnded(database, settings, io);
    const { db } = database;
    const asked = { db, settings, agreeing };
    const paint = painter(io.colour);
    if (given === undefined) {
      const proofs = await proveAll(asked, filter);
      if (options.json === true) io.out(toJson(allJson(proofs)));
      else io.out(allText(proofs, io.screen, paint));
      return exitCode(proofs.differences, within);
    }
    const key = await findCall(db, given, Array.isArray(tenant) ? tenant : undefined);
    const proved = await proveOne(asked, key, typeof audio === 'string' ? audio : undefined);
    if (options.json === true) io.out(toJson(callJson(proved)));
    else io.out(callText(proved, io.screen, paint));
    return exitCode(proved.proof.differences, within);
  } finally {
    await database.close();
  }
}

function exitCode({ turns, p95 }: { turns: number; p95?: number }, within: number | undefined): ExitCode {
  if (turns === 0) return 1;
  return within !== undefined && (p95 ?? 0) > within ? 1 : 0;
}
