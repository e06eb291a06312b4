import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { callTotals } from '../../exporter/store/index.ts';
import { readSettings } from '../../model/settings.ts';
import { FIGURE_NAMES, FIGURES, figuresOf } from '../check/figures.ts';
import { type Baseline, exitCodeOf, judge } from '../check/judge.ts';
import { readBaseline, readLimits, readNeed, shareOf } from '../check/options.ts';
import { asAnnotations, asJunit, asMarkdown, asText } from '../check/render.ts';
import { type Command, CommandError, type ExitCode, type Invocation, UsageError } from '../command.ts';
import { openCommandDatabase } from '../database.ts';
import { CHOICE_HELP, CHOICE_OPTIONS, readFilter } from '../filter-options.ts';
import { finalizeEnded } from '../finalize-ended.ts';
import { toJson } from '../render/json.ts';
import { painter } from '../render/text.ts';

const MIN_TURNS = 30;
const MIN_CALLS = 10;
const TOLERANCE = '10%';

export const check: Command = {
  name: 'check',
  summary: 'hold the figures of calls against limits: a gate for CI and for canaries',
  help: `Usage: earshot check --LIMIT VALUE … [options]
       earshot check --baseline FILE [--tolerance 10%] [options]

Compares the figures of finished calls with limits, prints a line for each, and says it with its exit code: 0, all hold;
1, one is broken; 2, none is broken, and something could not be judged: too few turns, or not known.

Limits, any of them:

${FIGURE_NAMES.map((name) => `  ${`--${name}`.padEnd(21)}${FIGURES[name].what}`).join('\n')}

By an earlier check:

  --baseline FILE      what earshot check --json wrote: no figure may be worse by more than the tolerance
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
  const limits = readLimits(options);
  const baseline = baselineOf(options);
  if (Object.keys(limits).length === 0 && baseline === undefined)
    throw new UsageError(`saw no limit, expected one of --${FIGURE_NAMES.join(', --')}, or --baseline FILE.`);
  const needs = {
    turns: readNeed('min-turns', options['min-turns'], MIN_TURNS),
    calls: readNeed('min-calls', options['min-calls'], MIN_CALLS),
  };
  const settings = readSettings();
  const database = await openCommandDatabase(settings);
  try {
    await finalizeEnded(database, settings, io);
    const figures = figuresOf(await callTotals(database.db, filter));
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

function baselineOf(options: Invocation['options']): Baseline | undefined {
  const { baseline: file, tolerance: text = TOLERANCE } = options;
  const tolerance = shareOf(String(text));
  if (tolerance === undefined)
    throw new UsageError(`--tolerance: saw ${String(text)}, expected a share such as 0.1 or 10%.`);
  if (typeof file !== 'string') return undefined;
  let read: string;
  try {
    read = readFileSync(file, 'utf8');
  } catch (error) {
    throw new UsageError(`--baseline: cannot read ${file} (${(error as NodeJS.ErrnoException).code}).`);
  }
  return { figures: readBaseline(read, file), tolerance };
}

function write(option: string, work: () => void): void {
  try {
    work();
  } catch (error) {
    throw new CommandError(`--${option}: cannot write (${(error as Error).message}).`);
  }
}
