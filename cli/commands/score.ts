import { giveScores, partsOf } from '../../exporter/store/index.ts';
import { safeText } from '../../model/safe-text.ts';
import {
  isScoreName,
  isWrittenNumber,
  MAX_SCORES,
  SCORE_NAME,
  SCORE_VALUE,
  type Score,
  scoreGiven,
} from '../../model/scores.ts';
import { readSettings } from '../../model/settings.ts';
import { type Command, CommandError, type ExitCode, type Invocation, UsageError } from '../command.ts';
import { openCommandDatabase } from '../database.ts';
import { finalizeEnded } from '../finalize-ended.ts';
import { toJson } from '../render/json.ts';
import { count } from '../render/text.ts';
import { findCall } from '../report/find-call.ts';

export const score: Command = {
  name: 'score',
  help: `Usage: earshot score CALL NAME=VALUE … [--tenant NAME] [--json]

Gives scores to a finished call: a number on any scale, or a word. What is given so stands, whatever the call's spans say, until
the name is given again. earshot report CALL shows it, and the table call_scores has it.

CALL is an id, or the beginning of one. A name has ${SCORE_NAME}.

  --tenant NAME   a call of this tenant
  --json          what was given, in place of a sentence

Reads EARSHOT_DATABASE_URL (or DATABASE_URL), else the embedded database in .earshot (EARSHOT_DATA_DIR).`,
  options: { tenant: { type: 'string' }, json: { type: 'boolean' } },
  maxArguments: 1 + MAX_SCORES,
  run,
};

async function run({ arguments: [given, ...assignments], options, io }: Invocation): Promise<ExitCode> {
  if (given === undefined || assignments.length === 0)
    throw new UsageError(
      'saw no score, expected a call and at least one: earshot score CALL politeness=0.9.',
    );
  const scores = readScores(assignments);
  const settings = readSettings();
  const database = await openCommandDatabase(settings);
  try {
    await finalizeEnded(database, settings, io);
    const { tenant: name } = options;
    const key = await findCall(database.db, given, typeof name === 'string' ? [name] : undefined);
    const { callId, tenant } = partsOf(key);
    if (!(await giveScores(database.db, key, scores)))
      throw new CommandError(`there is no finished call "${safeText(callId)}".`);
    if (options.json === true) io.out(toJson({ tenant, call_id: callId, scores }));
    else io.out(`${count(scores.length, 'score')} of call ${safeText(callId)}`);
    return 0;
  } finally {
    await database.close();
  }
}

/** One of each name: of a name that is there twice the last. @throws UsageError */
export function readScores(assignments: readonly string[]): Score[] {
  const scores = new Map<string, Score>();
  for (const text of assignments) {
    const at = text.indexOf('=');
    const [name, value] = [text.slice(0, at), text.slice(at + 1)];
    if (at < 1 || !isScoreName(name))
      throw new UsageError(`saw ${text}, expected NAME=VALUE, with a name of ${SCORE_NAME}.`);
    const read = scoreGiven(name, isWrittenNumber(value) ? Number(value) : value);
    if (read === undefined) throw new UsageError(`${name}: saw ${value}, expected ${SCORE_VALUE}.`);
    scores.set(name, read);
  }
  return [...scores.values()];
}
