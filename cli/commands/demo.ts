import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DEMO_TAG } from '../../demo/tag.ts';
import type { WorldCall } from '../../demo/world.ts';
import { type Database, deleteTaggedCalls, getCallMetrics } from '../../exporter/store/index.ts';
import { safeText } from '../../model/safe-text.ts';
import { ATTR } from '../../model/semconv.ts';
import { readSettings, type Settings } from '../../model/settings.ts';
import { isAddress } from '../../storage/open-place.ts';
import {
  type Command,
  CommandError,
  type ExitCode,
  type Invocation,
  type Io,
  UsageError,
} from '../command.ts';
import { openCommandDatabase } from '../database.ts';
import { finalizeEndedCalls } from '../finalize.ts';
import { missingPackages } from '../missing.ts';
import { nextCommand } from '../next-command.ts';
import { painter } from '../render/text.ts';
import { type ServeProcess, startServe } from '../serve-process.ts';
import { reportCall, reportCalls } from './report.ts';

/** How long the rows may take after the last call: the finalize delay, a flush, and a slow machine. */
const ROWS_DEADLINE_MS = 20_000;
const [DAYS, MOST_DAYS] = [7, 366];
const [CALLS, MOST_CALLS] = [2_000, 200_000];

export const demo: Command = {
  name: 'demo',
  help: `Usage: earshot demo [--seed N] [--via-otlp] [--record FOLDER] [--database] [--json]
       earshot demo --fast [--days 7] [--calls 2000] [--slowdown] [--seed N] [--database] [--json]
       earshot demo --clean [--database]

Starts an unmodified phone agent (examples/phone-agent) under --import earshot/register, with simulators of Twilio,
Deepgram, Groq and Cartesia that speak their real protocols on loopback. Four callers ring it at the same time: one books
a table, one interrupts, one is a voicemail, one asks something that needs a tool. Then it shows what earshot wrote: the calls,
their cost and outcome, and each turn of one of them as a waterfall. It takes about 40 seconds and needs no keys.

  --seed N     repeats the delays of a run; the calls have new ids all the same (default: another one each time)
  --via-otlp   the agent sends its spans to an earshot serve, which writes the rows, instead of writing them itself; with
               --database to OTEL_EXPORTER_OTLP_ENDPOINT when that is set, which must then write to that database
  --record FOLDER
               keeps what each caller said and heard as a recording of the call, as EARSHOT_RECORDINGS has them, and in truth.json
               beside it what the caller knows of each turn: EARSHOT_RECORDINGS=FOLDER earshot verify --all
  --database   works on EARSHOT_DATABASE_URL (or DATABASE_URL). Without it the demo never does
  --fast       simulates weeks of calls without audio and without an agent, and writes their spans and rows; in a minute.
               Three agents, each of which a new version replaces in half of the calls from the middle of the time on.
               What the versions really differ by is shown at the end
  --days N     how many days, up to now (default ${DAYS}; 1 to ${MOST_DAYS})
  --calls N    how many calls (default ${CALLS}; 1 to ${MOST_CALLS.toLocaleString('en-US')})
  --slowdown   with --fast: for two hours of the last day the speech of Cartesia is 140 ms late; at the end it is shown what
               earshot incidents finds of it
  --clean      removes the calls of all demos, which have the tag earshot.demo, and makes none
  --json       the rows of the calls, as earshot report --json

Writes to the embedded database in .earshot (EARSHOT_DATA_DIR). Sends the traces to OTEL_EXPORTER_OTLP_ENDPOINT when that
is set.`,
  options: {
    json: { type: 'boolean' },
    seed: { type: 'string' },
    'via-otlp': { type: 'boolean' },
    record: { type: 'string' },
    database: { type: 'boolean' },
    fast: { type: 'boolean' },
    days: { type: 'string' },
    calls: { type: 'string' },
    slowdown: { type: 'boolean' },
    clean: { type: 'boolean' },
  },
  maxArguments: 0,
  run,
};

async function run({ options, io }: Invocation): Promise<ExitCode> {
  const seed = readSeed(options.seed);
  const json = options.json === true;
  const settings = settingsOf(options.database === true);
  if (options.clean === true) return clean(settings, io);
  if (options.fast === true) {
    if (options.record !== undefined) throw new UsageError('--record: calls of --fast have no audio.');
    const days = readCount('days', options.days, DAYS, MOST_DAYS);
    const calls = readCount('calls', options.calls, CALLS, MOST_CALLS);
    const { writeWeeks } = await import('../demo/weeks.ts');
    return writeWeeks(settings, { seed, days, calls, slowdown: options.slowdown === true }, json, io);
  }
  const record = options.record;
  if (record === '') throw new UsageError('--record: saw nothing, expected a folder.');
  for (const option of ['days', 'calls', 'slowdown'])
    if (options[option] !== undefined) throw new UsageError(`--${option}: goes with --fast alone.`);
  const paint = painter(io.colour);
  const startedUs = Date.now() * 1_000;
  io.err(paint('bold', 'earshot demo: four callers, one phone agent, no line of earshot in it'));
  const world = await loadWorld(settings);
  const database = await openCommandDatabase(settings);
  io.err(paint('dim', `rows go to ${database.name}; --seed ${seed} repeats the delays of this run`));
  // What an earlier demo could not write is no part of this one.
  const spool = { EARSHOT_SPOOL_DIR: await mkdtemp(join(tmpdir(), 'earshot-demo-')) };
  let serve: ServeProcess | undefined;
  try {
    let target: Record<string, string> = { ...spool, EARSHOT_DATABASE_URL: database.url };
    if (options['via-otlp'] === true) {
      const given = database.embedded ? undefined : process.env.OTEL_EXPORTER_OTLP_ENDPOINT;
      if (!given) serve = await startServe(database.url, spool);
      const url = serve?.url ?? given ?? '';
      io.err(paint('dim', `spans go to ${serve ? 'earshot serve on ' : ''}${url}`));
      target = { ...spool, OTEL_EXPORTER_OTLP_ENDPOINT: url };
    }
    const env = agentEnvironment(target);
    const calls = await makeCalls(world, database.db, { seed, env }, io);
    const callIds = calls.map(({ callSid }) => callSid);
    if (typeof record === 'string') {
      const { keepCallers } = await import('../demo/callers.ts');
      await keepCallers(record, calls);
    }
    if (json) {
      await reportCalls(database.db, { limit: callIds.length, since: startedUs }, true, io);
      return 0;
    }
    io.out('');
    await reportCalls(database.db, { limit: callIds.length, since: startedUs }, false, io);
    const shown = callIds[1] ?? callIds[0];
    if (shown !== undefined) {
      io.out(`\n${paint('dim', `earshot report ${shown}`)}\n`);
      await reportCall(database.db, shown, false, io);
    }
    io.err(
      paint(
        'dim',
        `\nThese are rows now. ${nextCommand(database, 'ui')} shows them in a browser, ${nextCommand(database, 'report')} in the terminal, with CALL one of them. earshot demo --clean removes them.`,
      ),
    );
    return 0;
  } finally {
    await serve?.stop();
    await database.close();
    await rm(spool.EARSHOT_SPOOL_DIR, { recursive: true, force: true });
  }
}

/** Rings the agent and gives the calls, in the order of the scenarios. */
async function makeCalls(
  { startDemoWorld }: World,
  db: Database,
  { seed, env }: { seed: number; env: Record<string, string> },
  io: Io,
): Promise<WorldCall[]> {
  const paint = painter(io.colour);
  const say = (who: string, what: string) => io.err(`${paint('dim', who.padEnd(10))} ${what}`);
  const world = await startDemoWorld({
    seed,
    agent: {
      nodeArgs: ['--import', import.meta.resolve('earshot/register')],
      env,
    },
    onProgress: (progress) => {
      switch (progress.kind) {
        case 'agent_listening':
          return say('agent', `listening on ${progress.url}`);
        case 'connected':
          return say(progress.scenario, 'the call is connected');
        case 'said':
          return say(progress.scenario, `says: ${progress.text}`);
        case 'answered':
          return say(
            progress.scenario,
            `hears the agent after ${Math.round(progress.silenceMs)} ms of silence`,
          );
        case 'cleared':
          return say(progress.scenario, 'cuts the agent off');
        case 'ended':
          return say(progress.scenario, `hung up (${progress.by})`);
        default:
          return progress satisfies never;
      }
    },
  });
  try {
    const calls = await world.makeCalls();
    // Two seconds after the last span; the agent or the server does it.
    await rowsOf(
      db,
      calls.map(({ callSid }) => callSid),
    );
    return calls;
  } finally {
    await world.close();
  }
}

/** What the agent is told. Content is recorded: in a demo no real person said it. */
function agentEnvironment(target: Record<string, string>): Record<string, string> {
  const passed = Object.entries(process.env).filter(
    ([name, value]) => value !== undefined && /^(OTEL_|EARSHOT_|NODE_EXTRA_CA_CERTS$)/.test(name),
  ) as [string, string][];
  const endpoint = target.OTEL_EXPORTER_OTLP_ENDPOINT ?? process.env.OTEL_EXPORTER_OTLP_ENDPOINT;
  return {
    OTEL_SERVICE_NAME: 'phone-agent',
    OTEL_METRICS_EXPORTER: 'none',
    OTEL_BSP_SCHEDULE_DELAY: '500',
    ...(endpoint === undefined && { OTEL_TRACES_EXPORTER: 'none' }),
    OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT: 'true',
    ...Object.fromEntries(passed),
    ...recordingsFrom(process.env.EARSHOT_RECORDINGS),
    OTEL_RESOURCE_ATTRIBUTES: [process.env.OTEL_RESOURCE_ATTRIBUTES, `${ATTR.tag}.${DEMO_TAG}=true`]
      .filter(Boolean)
      .join(','),
    ...target,
  };
}

/** The agent runs in a folder of its own: one that is named from here is another there. */
const recordingsFrom = (place: string | undefined): Record<string, string> =>
  place === undefined || place === '' || isAddress(place) ? {} : { EARSHOT_RECORDINGS: resolve(place) };

/** Waits until every call has its row. */
async function rowsOf(db: Database, callIds: readonly string[]): Promise<void> {
  const deadline = Date.now() + ROWS_DEADLINE_MS;
  for (const callId of callIds)
    while (!(await getCallMetrics(db, callId))) {
      if (Date.now() > deadline)
        throw new CommandError(`call ${callId} has no row after ${ROWS_DEADLINE_MS / 1_000} s.`);
      await sleep(100);
    }
}

type World = typeof import('../../demo/world.ts');

async function loadWorld({ databaseUrl }: Settings): Promise<World> {
  const missing = missingPackages('demo', ...(databaseUrl === undefined ? (['database'] as const) : []));
  if (missing !== undefined)
    throw new CommandError(
      `the demo runs an agent with the real SDKs, and not all is installed here: ${missing}`,
    );
  return import('../../demo/world.ts');
}

/** The database of an application is written to when the user says so. */
function settingsOf(database: boolean): Settings {
  const settings = readSettings();
  if (!database) return { ...settings, databaseUrl: undefined };
  if (settings.databaseUrl === undefined)
    throw new UsageError('--database: EARSHOT_DATABASE_URL is not set. Set it, or leave --database out.');
  return settings;
}

async function clean(settings: Settings, io: Io): Promise<ExitCode> {
  const database = await openCommandDatabase(settings);
  try {
    // Of a demo that was stopped, too.
    await finalizeEndedCalls(database.db, settings, (message) => io.err(`earshot: ${safeText(message)}`));
    const removed = await deleteTaggedCalls(database.db, { [DEMO_TAG]: 'true' });
    io.out(`Removed ${removed} ${removed === 1 ? 'call' : 'calls'} from ${database.name}.`);
    return 0;
  } finally {
    await database.close();
  }
}

function readCount(option: string, text: unknown, fallback: number, most: number): number {
  if (text === undefined) return fallback;
  const count = Number(text);
  if (Number.isInteger(count) && count >= 1 && count <= most) return count;
  throw new UsageError(`--${option}: saw ${String(text)}, expected a whole number, 1 to ${most}.`);
}

function readSeed(text: unknown): number {
  if (text === undefined) return Date.now() % 1_000_000;
  const seed = Number(text);
  if (Number.isInteger(seed) && seed >= 0) return seed;
  throw new UsageError(`--seed: saw ${String(text)}, expected a whole number, 0 or more.`);
}
