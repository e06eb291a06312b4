import { comparingSelections, isSame } from '../../exporter/comparison/selections.ts';
import { finished } from '../../exporter/statistics/pieces.ts';
import { type CallSamples, getCallSamples } from '../../exporter/store/views/index.ts';
import { readSettings } from '../../model/settings.ts';
import { type Command, CommandError, type ExitCode, type Invocation, UsageError } from '../command.ts';
import { openCommandDatabase } from '../database.ts';
import { CHOICE_HELP, CHOICE_OPTIONS } from '../filter-options.ts';
import { finalizeEnded } from '../finalize-ended.ts';
import { comparisonText } from '../render/comparison.ts';
import { toJson } from '../render/json.ts';
import { painter } from '../render/text.ts';
import { filterOfSelection, SELECTION_HELP } from '../selection.ts';

export const compare: Command = {
  name: 'compare',
  help: `Usage: earshot compare A B [options]

Compares the finished calls of two selections: two versions, models, campaigns, agents or times. For each figure it shows what
it is in A and in B, the difference with its 95 % interval, and a verdict; and at the end what it comes to in a sentence.

  earshot compare version=1.4.0 version=1.5.0 --agent front-desk --since 7d
  earshot compare 14d..7d 7d..

A and B are of these, one or several, with spaces or commas between:

${SELECTION_HELP}

Options that hold of both, unless a side says otherwise:

${CHOICE_HELP}

  --seed N             of what is drawn (default 1): the same calls and seed give the same intervals
  --json               figures, intervals and verdicts as JSON
  --utc                dates are of UTC, in place of the local time zone

The verdicts: no different, where the whole interval is within 3 % (of a share, 1 point) of 0; else better and worse, where it is on
one side of 0; else not clear. Silence needs 30 turns on each side, its p95 100, and everything 20 calls; of fewer nothing is said.
Of more than 4,000 calls on a side one in two, three … is looked at.

Intervals are those of a bootstrap by call. docs/compare.md says what they hold, and what they do not.

Reads EARSHOT_DATABASE_URL (or DATABASE_URL), else the embedded database in .earshot (EARSHOT_DATA_DIR).`,
  options: {
    ...CHOICE_OPTIONS,
    seed: { type: 'string' },
    json: { type: 'boolean' },
    utc: { type: 'boolean' },
  },
  maxArguments: 2,
  run,
};

async function run({ arguments: [a, b], options, io }: Invocation): Promise<ExitCode> {
  if (a === undefined || b === undefined)
    throw new UsageError('expected two selections, such as version=1.4.0 version=1.5.0.');
  const utc = options.utc === true;
  const filters = [filterOfSelection('A', a, options, utc), filterOfSelection('B', b, options, utc)] as const;
  const seed = readSeed(options.seed);
  const settings = readSettings();
  const database = await openCommandDatabase(settings);
  try {
    await finalizeEnded(database, settings, io);
    const [inA, inB] = await Promise.all([
      getCallSamples(database.db, filters[0]),
      getCallSamples(database.db, filters[1]),
    ]);
    const empty = [...(inA.calls === 0 ? [`A (${a})`] : []), ...(inB.calls === 0 ? [`B (${b})`] : [])];
    if (empty.length > 0) throw new CommandError(`no call matches ${empty.join(', nor ')}.`);
    if (isSame(inA, inB)) throw new UsageError('A and B are the same calls.');
    const comparison = finished(comparingSelections(inA, inB, { seed }));
    if (options.json === true) {
      const { figures, verdict, notes } = comparison;
      io.out(toJson({ a: sideJson(inA), b: sideJson(inB), verdict, figures, notes }));
    } else {
      const sides = { a: { name: a, ...inA }, b: { name: b, ...inB } };
      io.out(comparisonText(sides, comparison, io, painter(io.colour)));
    }
    return 0;
  } finally {
    await database.close();
  }
}

const sideJson = ({ calls, every, samples }: CallSamples) => ({
  calls,
  every,
  calls_compared: samples.length,
  turns: samples.reduce((sum, { silences }) => sum + silences.length, 0),
});

function readSeed(text: unknown): number {
  if (text === undefined) return 1;
  const seed = Number(text);
  if (Number.isInteger(seed) && seed >= 0) return seed;
  throw new UsageError(`--seed: saw ${String(text)}, expected a whole number, 0 or more.`);
}
