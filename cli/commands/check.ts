import { appendFileSync, existsSync, writeFileSync } from 'node:fs';
import { type CallFilter, callTotals } from '../../exporter/store/index.ts';
import { readSettings } from '../../model/settings.ts';
import { FIGURE_NAMES, FIGURES, figuresOf } from '../check/figures.ts';
import { type Baseline, baselineOf, exitCodeOf, judge } from '../check/judge.ts';
import { readBaseline, readLimits, readNeed, shareOf } from '../check/options.ts';
import { asAnnotations, asJunit, asMarkdown, asText } from '../check/render.ts';
import { type Command, CommandError, type ExitCode, type Invocation, UsageError } from '../command.ts';
import { openCommandDatabase } from '../database.ts';
import { CHOICE_HELP, CHOICE_OPTIONS, readFilter } from '../filter-options.ts';
import { finalizeEnded } from '../finalize-ended.ts';
import { toJson } from '../render/json.ts';
import { painter } from '../render/text.ts';
import { filterOfSelection, isSelection, readSelection } from '../selection.ts';
import { readSlo } from '../slo/file.ts';
import { readSmallFile } from '../small-file.ts';

const MIN_TURNS = 30;
const MIN_CALLS = 10;
const TOLERANCE = '10%';

export const check: Command = {
  name: 'check',
  summary: 'hold the figures of calls against limits: a gate for CI and for canaries',
  help: `Usage: earshot check --LIMIT VALUE … [options]
       earshot check --slo FILE [options]
       earshot check --baseline CALLS [--tolerance 10%] [options]

Compares the figures of finished calls with limits, prints a line for each, and says it with its exit code: 0, all hold;
1, one is broken; 2, none is broken, and something could not be judged: too few turns, or not known.

Limits, any of them:

${FIGURE_NAMES.map((name) => `  ${`--${name}`.padEnd(21)}${FIGURES[name].what}`).join('\n')}

  --slo FILE           the limits of a file such as earshot.slo.yaml; those given beside it come first (earshot slo --help)

By other calls:

  --baseline CALLS     no figure may be worse than theirs by more than the tolerance. CALLS is a selection as earshot compare
                       has it, of calls that are otherwise as those that are judged: 'version=1.4.0 last 7d'. A time alone,
                       'last 7d', is up to --since. Or a file that earshot check --json wrote
  --tolerance SHARE    (default ${TOLERANCE})

Which calls:

${CHOICE_HELP}

  --min-turns N        silence and interruptions of fewer turns are not judged (default ${MIN_TURNS})
  --min-calls N        costs and outcomes of fewer calls are not judged (default ${MIN_CALLS})

How it is written:

  --json               figures and verdicts as JSON, for --baseline
  --junit FILE         a JUnit report
  --markdown FILE      a table, at the end of the file: "$GITHUB_STEP_SUMMARY"
  --github             annotations of GitHub Actions
  --utc                dates of --since and --until in UTC

Reads EARSHOT_DATABASE_URL (or DATABASE_URL), else the embedded database in .earshot (EARSHOT_DATA_DIR).`,
  options: {
    ...CHOICE_OPTIONS,
    ...(Object.fromEntries(FIGURE_NAMES.map((name) => [name, { type: 'string' }])) as Command['options']),
    slo: { type: 'string' },
    baseline: { type: 'string' },
    tolerance: { type: 'string' },
    'min-turns': { type: 'string' },
    'min-calls': { type: 'string' },
    json: { type: 'boolean' },
    junit: { type: 'string' },
    markdown: { type: 'string' },
    github: { type: 'boolean' },
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
  const tolerance = toleranceOf(options);
  const given =
    typeof options.baseline === 'string' ? baselineGiven(options.baseline, choice, filter) : undefined;
  if (Object.keys(limits).length === 0 && given === undefined)
    throw new UsageError(
      `saw no limit, expected one of --${FIGURE_NAMES.join(', --')}, --slo FILE or --baseline CALLS.`,
    );
  const needs = {
    turns: readNeed('min-turns', options['min-turns'], MIN_TURNS),
    calls: readNeed('min-calls', options['min-calls'], MIN_CALLS),
  };
  const settings = readSettings();
  const database = await openCommandDatabase(settings);
  try {
    await finalizeEnded(database, settings, io);
    const figures = figuresOf(await callTotals(database.db, filter));
    const baseline: Baseline | undefined =
      given === undefined
        ? undefined
        : 'figures' in given
          ? { figures: given.figures, tolerance }
          : baselineOf(figuresOf(await callTotals(database.db, given.calls)), tolerance, needs);
    const verdicts = judge(figures, limits, { baseline, needs });
    const values = Object.fromEntries(FIGURE_NAMES.map((name) => [name, figures[name].value]));
    if (options.json === true) io.out(toJson({ figures: values, verdicts }));
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

function toleranceOf({ tolerance: text = TOLERANCE }: Invocation['options']): number {
  const tolerance = shareOf(String(text));
  if (tolerance !== undefined) return tolerance;
  throw new UsageError(`--tolerance: saw ${String(text)}, expected a share such as 0.1 or 10%.`);
}

/** What is compared with: figures of a file, or calls whose figures are to be read. */
function baselineGiven(
  given: string,
  choice: Invocation['options'],
  judged: CallFilter,
): { figures: Baseline['figures'] } | { calls: CallFilter } {
  if (!existsSync(given) && isSelection(given)) return { calls: baselineCalls(given, choice, judged) };
  const read = readSmallFile(
    given,
    (reason) =>
      new UsageError(
        `--baseline: cannot read ${given} (${reason}), and it is no selection such as 'last 7d'.`,
      ),
  );
  return { figures: readBaseline(read, given) };
}

/** Calls of a time alone are those before the ones that are judged: no call is judged by itself. */
function baselineCalls(given: string, choice: Invocation['options'], judged: CallFilter): CallFilter {
  const calls = filterOfSelection('--baseline', given, choice, choice.utc === true);
  const named = readSelection('--baseline', given);
  const isTime = Object.keys(named).every((name) => name === 'since' || name === 'until');
  if (!isTime || named.until !== undefined) return calls;
  if (judged.since === undefined)
    throw new UsageError(
      `--baseline: saw ${given}, which has the calls that are judged; expected --since beside it, or another version.`,
    );
  if (calls.since !== undefined && calls.since >= judged.since)
    throw new UsageError(`--baseline: saw ${given}, expected a time that begins before --since.`);
  return { ...calls, until: judged.since };
}

function write(option: string, work: () => void): void {
  try {
    work();
  } catch (error) {
    throw new CommandError(`--${option}: cannot write (${(error as Error).message}).`);
  }
}
