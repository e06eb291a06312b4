import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type Database, getCallMetrics } from '../../exporter/store/index.ts';
import { readSettings } from '../../model/settings.ts';
import {
  type Command,
  CommandError,
  type ExitCode,
  type Invocation,
  type Io,
  UsageError,
} from '../command.ts';
import { openCommandDatabase } from '../database.ts';
import { painter } from '../render/text.ts';
import { type ServeProcess, startServe } from '../serve-process.ts';
import { reportCall, reportCalls } from './report.ts';

/** How long the rows may take after the last call: the finalize delay, a flush, and a slow machine. */
const ROWS_DEADLINE_MS = 20_000;
const SDKS = '@deepgram/sdk@5 groq-sdk@1 @cartesia/cartesia-js@4 ws@8';

export const demo: Command = {
  name: 'demo',
  summary: 'run a phone agent on this machine, call it, and show where the silence went',
  help: `Usage: earshot demo [--seed N] [--via-otlp] [--json]

Starts an unmodified phone agent (examples/phone-agent) under --import earshot/register, with simulators of Twilio,
Deepgram, Groq and Cartesia that speak their real protocols on loopback. Four callers ring it at the same time: one books
a table, one interrupts, one is a voicemail, one asks something that needs a tool. Then it shows what earshot wrote: the calls,
their cost and outcome, and each turn of one of them as a waterfall. It takes about 40 seconds and needs no keys.

  --seed N     repeats a run: the same delays, and the same call ids (default: a new one each time)
  --via-otlp   the agent sends its spans to an earshot serve, which writes the rows, instead of writing them itself; to
               OTEL_EXPORTER_OTLP_ENDPOINT when that is set, which must then write to this database
  --json       the rows of the calls, as earshot report --json

Writes to EARSHOT_DATABASE_URL (or DATABASE_URL), else to the embedded database in .earshot (EARSHOT_DATA_DIR). Sends the traces to
OTEL_EXPORTER_OTLP_ENDPOINT when that is set.`,
  options: { json: { type: 'boolean' }, seed: { type: 'string' }, 'via-otlp': { type: 'boolean' } },
  maxArguments: 0,
  run,
};

async function run({ options, io }: Invocation): Promise<ExitCode> {
  const seed = readSeed(options.seed);
  const json = options.json === true;
  const settings = readSettings();
  const paint = painter(io.colour);
  const startedUs = Date.now() * 1_000;
  io.err(paint('bold', 'earshot demo: four callers, one phone agent, no line of earshot in it'));
  const world = await loadWorld();
  const database = await openCommandDatabase(settings);
  io.err(paint('dim', `rows go to ${database.name}; --seed ${seed} repeats this run`));
  let serve: ServeProcess | undefined;
  try {
    let target: Record<string, string> = { EARSHOT_DATABASE_URL: database.url };
    if (options['via-otlp'] === true) {
      const given = process.env.OTEL_EXPORTER_OTLP_ENDPOINT;
      if (!given) serve = await startServe(database.url);
      const url = serve?.url ?? given ?? '';
      io.err(paint('dim', `spans go to ${serve ? 'earshot serve on ' : ''}${url}`));
      target = { OTEL_EXPORTER_OTLP_ENDPOINT: url };
    }
    const env = agentEnvironment(target);
    const callIds = await makeCalls(world, database.db, { seed, env }, io);
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
    io.err(paint('dim', '\nThese are rows now: earshot report, earshot report CALL, earshot report --json.'));
    return 0;
  } finally {
    await serve?.stop();
    await database.close();
  }
}

/** Rings the agent and gives the ids of the calls, in the order of the scenarios. */
async function makeCalls(
  { startDemoWorld }: World,
  db: Database,
  { seed, env }: { seed: number; env: Record<string, string> },
  io: Io,
): Promise<string[]> {
  const paint = painter(io.colour);
  const say = (who: string, what: string) => io.err(`${paint('dim', who.padEnd(10))} ${what}`);
  const world = await startDemoWorld({
    seed,
    agent: {
      nodeArgs: ['--import', new URL('../../instrumentation/register.js', import.meta.url).href],
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
    const callIds = calls.map((call) => call.callSid);
    // Two seconds after the last span; the agent or the server does it.
    await rowsOf(db, callIds);
    return callIds;
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
    ...target,
  };
}

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

type World = typeof import('../../test/support/demo-world.ts');

async function loadWorld(): Promise<World> {
  const agent = fileURLToPath(new URL('../../../examples/phone-agent/agent.js', import.meta.url));
  try {
    if (!existsSync(agent)) throw new Error(`${agent} is missing`);
    return await import('../../test/support/demo-world.ts');
  } catch (cause) {
    throw new CommandError(
      `the demo runs the example agent with the real SDKs, and they are not installed here: npm install ${SDKS}`,
      { cause },
    );
  }
}

function readSeed(text: unknown): number {
  if (text === undefined) return Date.now() % 1_000_000;
  const seed = Number(text);
  if (Number.isInteger(seed) && seed >= 0) return seed;
  throw new UsageError(`--seed: saw ${String(text)}, expected a whole number, 0 or more.`);
}
