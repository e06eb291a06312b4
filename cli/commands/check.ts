import { appendFileSync, existsSync, writeFileSync } from 'node:fs';
import { baselineCalls } from '../../exporter/checks/baseline-calls.ts';
import { checking, NEEDS } from '../../exporter/checks/check.ts';
import { FIGURE_NAMES, FIGURES } from '../../exporter/checks/figures.ts';
import { type Baseline, exitCodeOf, judgeScores } from '../../exporter/checks/judge.ts';
import { TOLERANCE, toleranceOf } from '../../exporter/checks/limits.ts';
import { finished } from '../../exporter/statistics/pieces.ts';
import { type CallFilter, callTotals, scoreMeans } from '../../exporter/store/index.ts';
import { getCallSamples } from '../../exporter/store/views/index.ts';
import { readSettings } from '../../model/settings.ts';
import { asUsage, readBaseline, readLimits, readNeed, readScoreLimits } from '../check/options.ts';
import { asAnnotations, asJunit, asMarkdown, asText } from '../check/render.ts';
import { type Command, CommandError, type ExitCode, type Invocation, UsageError } from '../command.ts';
import { openCommandDatabase } from '../database.ts';
import { CHOICE_HELP, CHOICE_OPTIONS, readFilter } from '../filter-options.ts';
import { finalizeEnded } from '../finalize-ended.ts';
import { readSeed } from '../journal-calls.ts';
import { toJson } from '../render/json.ts';
import { painter } from '../render/text.ts';
import { isSelection, readSelection } from '../selection.ts';
import { readSlo } from '../slo/file.ts';
import { readSmallFile } from '../small-file.ts';

export const check: Command = {
  name: 'check',
  help: `Usage: earshot check --LIMIT VALUE … [options]
       earshot check --slo FILE [options]
       earshot check --baseline CALLS [--tolerance 10%] [options]

Compares the figures of finished calls with limits, prints a line for each, and says it with its exit code: 0, all hold;
1, one is broken; 2, none is broken, and something could not be judged: too few turns, or not known. Beside each figure stands its
95 % interval, of a bootstrap by call: where a limit is in it, other calls of the same kind may say otherwise.

Limits, any of them:

${FIGURE_NAMES.map((name) => `  ${`--${name}`.padEnd(21)}${FIGURES[name].what}`).join('\n')}

  --score LIMIT        mean of a score over the calls that have it: 'politeness>=0.8', 'errors<=1'; again for others
  --slo FILE           the limits of a file such as earshot.slo.yaml; those given beside it come first (earshot slo --help)

By other calls:

  --baseline CALLS     no figure may be worse than theirs by more than the tolerance. CALLS is a selection as earshot compare
                       has it, of calls that are otherwise as those that are judged: 'version=1.4.0 last 7d'. A time alone,
                       'last 7d', is up to --since. Or a file that earshot check --json wrote
  --tolerance SHARE    with --baseline (default ${TOLERANCE})

Which calls:

${CHOICE_HELP}

  --min-turns N        silence and interruptions of fewer turns are not judged (default ${NEEDS.turns})
  --min-calls N        costs and outcomes of fewer calls are not judged (default ${NEEDS.calls})

How it is written:

  --json               figures and verdicts as JSON, for --baseline
  --junit FILE         a JUnit report
  --markdown FILE      a table, at the end of the file: "$GITHUB_STEP_SUMMARY"
  --github             annotations of GitHub Actions
  --seed N             of what is drawn for intervals (default 1)
  --utc                dates of --since and --until in UTC

Reads EARSHOT_DATABASE_URL (or DATABASE_URL), else the embedded database in .earshot (EARSHOT_DATA_DIR).`,
  options: {
    ...CHOICE_OPTIONS,
    ...(Object.fromEntries(FIGURE_NAMES.map((name) => [name, { type: 'string' }])) as Command['options']),
    score: { type: 'string', multiple: true },
    slo: { type: 'string' },
    baseline: { type: 'string' },
    tolerance: { type: 'string' },
    'min-turns': { type: 'string' },
    'min-calls': { type: 'string' },
    json: { type: 'boolean' },
    junit: { type: 'string' },
    markdown: { type: 'string' },
    github: { type: 'boolean' },
    seed: { type: 'string' },
    utc: { type: 'boolean' },
  },
  maxArguments: 0,
  run,
};

async function run({ options, io }: Invocation): Promise<ExitCode> {
  // The limit has the name of a filter.
  const { unpriced, ...choice } = options;
  const filter = readFilter(choice, options.utc === true);
  const limits = {
    ...(typeof options.slo === 'string' ? readSlo(options.slo).limits : {}),
    ...readLimits(options),
  };
  const { tolerance: share = TOLERANCE } = options;
  if (options.tolerance !== undefined && options.baseline === undefined)
    throw new UsageError('--tolerance goes with --baseline: saw no calls that figures may be worse than.');
  const tolerance = asUsage(() => toleranceOf(String(share), '--tolerance'));
  const given =
    typeof options.baseline === 'string'
      ? baselineGiven(options.baseline, filter, options.utc === true)
      : undefined;
  const scoreLimits = readScoreLimits(options.score);
  if (Object.keys(limits).length === 0 && scoreLimits.length === 0 && given === undefined)
    throw new UsageError(
      `saw no limit, expected one of --${FIGURE_NAMES.join(', --')}, --score LIMIT, --slo FILE or --baseline CALLS.`,
    );
  const needs = {
    turns: readNeed('min-turns', options['min-turns'], NEEDS.turns),
    calls: readNeed('min-calls', options['min-calls'], NEEDS.calls),
  };
  const seed = readSeed(options.seed);
  const settings = readSettings();
  const database = await openCommandDatabase(settings);
  try {
    await finalizeEnded(database, settings, io);
    const { db } = database;
    const baseline =
      given === undefined
        ? undefined
        : {
            tolerance,
            ...('figures' in given ? given : { totals: await callTotals(db, given.calls) }),
          };
    const totals = await callTotals(db, filter);
    const { samples } = await getCallSamples(db, filter);
    const checked = finished(checking({ totals, samples, limits, baseline, needs }, seed));
    const { figures } = checked;
    const names = scoreLimits.map(({ name }) => name);
    const scores = names.length > 0 ? await scoreMeans(db, filter, names) : new Map();
    const verdicts = [...checked.verdicts, ...judgeScores(scoreLimits, scores, needs)];
    if (options.json === true) io.out(toJson({ figures, verdicts }));
    else io.out(asText(verdicts, io.screen, painter(io.colour)));
    if (options.github === true) for (const line of asAnnotations(verdicts)) io.out(line);
    const { junit, markdown } = options;
    if (typeof junit === 'string') write('junit', () => writeFileSync(junit, asJunit(verdicts)));
    if (typeof markdown === 'string') write('markdown', () => appendFileSync(markdown, asMarkdown(verdicts)));
    return exitCodeOf(verdicts);
  } finally {
    await database.close();
  }
}

/** What is compared with: figures of a file, or calls whose figures are to be read. */
function baselineGiven(
  given: string,
  judged: CallFilter,
  utc: boolean,
): { figures: Baseline['figures'] } | { calls: CallFilter } {
  if (!existsSync(given) && isSelection(given)) return { calls: callsOf(given, judged, utc) };
  const read = readSmallFile(
    given,
    (reason) =>
      new UsageError(
        `--baseline: cannot read ${given} (${reason}), and it is no selection such as 'last 7d'.`,
      ),
  );
  return { figures: readBaseline(read, given) };
}

function callsOf(given: string, judged: CallFilter, utc: boolean): CallFilter {
  const own = readFilter(readSelection('--baseline', given), utc);
  return asUsage(() => baselineCalls(judged, own, { where: '--baseline', given, since: '--since' }));
}

function write(option: string, work: () => void): void {
  try {
    work();
  } catch (error) {
    throw new CommandError(`--${option}: cannot write (${(error as Error).message}).`);
  }
}
