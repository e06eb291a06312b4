import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Log } from '../../exporter/receiver/index.ts';
import { errorClass } from '../../exporter/store/index.ts';
import { safeText } from '../../model/safe-text.ts';
import { readSettings, type Settings } from '../../model/settings.ts';
import { type Command, CommandError, type ExitCode, type Invocation, type Io } from '../command.ts';
import { type CommandDatabase, openCommandDatabase } from '../database.ts';
import { type MountedPage, openPage } from '../mounted-page.ts';
import { nextCommand } from '../next-command.ts';
import { readPort } from '../port-option.ts';
import {
  type Receiving,
  type ReceivingOptions,
  receiverConnections,
  routeDiagnostics,
  startReceiving,
} from '../receiving.ts';
import { painter } from '../render/text.ts';
import { NotStartedError, runCommand } from '../watch/child.ts';
import { watchedEnvironment } from '../watch/environment.ts';
import { callLine } from '../watch/lines.ts';
import { projectName, registerUrl } from '../watch/project.ts';
import { WatchedCalls } from '../watch/watched-calls.ts';
import { reportCalls } from './report.ts';

export const watch: Command = {
  name: 'watch',
  help: `Usage: earshot watch [--port PORT] [--content] [--no-ui] [-- COMMAND [ARGUMENT …]]

Runs COMMAND as it is, on this terminal, and shows its calls when it has ended: what earshot report shows. It takes the
command's spans on loopback and turns them into rows, so that nothing else has to be installed, started or set. COMMAND
may be anything that starts an agent: node, npm start, python, sh -c '…'. Signals, input, output and the exit code are
the command's own; 127: there is no such command.

Without COMMAND it takes the spans of agents that are started elsewhere, prints the variables that they need, and each
call as it ends, until Ctrl-C.

  --port PORT   where to take spans (default 4318, or EARSHOT_PORT; another one where that is taken)
  --content     record what is said (OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=true)
  --no-ui       do not serve the page

While it runs, the page of earshot ui is where it takes spans: it prints the address, which shows the calls as they go on.
earshot report shows them in another terminal. Afterwards earshot ui serves the page. The command's
OTEL_EXPORTER_OTLP_ENDPOINT is replaced for this run: a collector of yours gets nothing of it.

Writes to EARSHOT_DATABASE_URL when it is set, else to the embedded database in .earshot (EARSHOT_DATA_DIR). Never to
DATABASE_URL, which is most likely the agent's own.`,
  options: { port: { type: 'string' }, content: { type: 'boolean' }, 'no-ui': { type: 'boolean' } },
  maxArguments: Number.POSITIVE_INFINITY,
  run,
};

/** For the receiver to find its database, which is open already. */
const READY_EVERY_MS = 20;

async function run({ arguments: command, options, io: given }: Invocation): Promise<ExitCode> {
  const settings = settingsOf(options);
  // Beside a command its output is the command's own, to the byte.
  const io = command.length > 0 ? onStderr(given) : given;
  const { createLog } = await import('../../exporter/receiver/log.ts');
  const log = createLog({ level: 'warn', format: 'text', write: (line) => given.err(line) });
  routeDiagnostics(log);
  if (settings.databaseUrl === undefined && !existsSync(join(settings.dataDir, 'postgres')))
    io.err(
      painter(io.colour)('dim', `earshot makes its database in ${settings.dataDir}, once: some seconds.`),
    );
  const database = await openCommandDatabase(settings, receiverConnections(log));
  let page: MountedPage | undefined;
  try {
    if (options['no-ui'] !== true) page = await pageOf(settings, database, log, io);
    const calls = new WatchedCalls();
    const receiving = await listen({
      settings,
      database,
      log,
      ...(page && { page }),
      onFacts: (facts) => calls.heard(facts),
      ...(command.length === 0 && {
        onFinalized: ({ metrics, first }) => first && io.out(callLine(metrics)),
      }),
    });
    try {
      while (!(await receiving.ready())) await new Promise((done) => setTimeout(done, READY_EVERY_MS));
      const watched = { receiving, database, calls, settings, io, hasPage: page !== undefined };
      return command.length > 0 ? await watchCommand(command, watched) : await watchOthers(watched);
    } finally {
      await receiving.stop();
    }
  } finally {
    await page?.closeDatabase();
    await database.close();
  }
}

/** Calls are watched without it, too: undefined where it is not built, which is said. */
async function pageOf(
  settings: Settings,
  database: CommandDatabase,
  log: Log,
  io: Io,
): Promise<MountedPage | undefined> {
  try {
    return await openPage(settings, database, log);
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    io.err(`earshot: ${safeText(error.message)}`);
    return undefined;
  }
}

interface Watched {
  readonly receiving: Receiving;
  readonly database: CommandDatabase;
  readonly calls: WatchedCalls;
  readonly settings: Settings;
  readonly io: Io;
  /** It is served where spans are taken. */
  readonly hasPage: boolean;
}

async function watchCommand(command: readonly string[], watched: Watched): Promise<ExitCode> {
  const { receiving, database, calls, settings, io, hasPage } = watched;
  const { url } = receiving.receiver;
  const paint = painter(io.colour);
  const env = watchedEnvironment(process.env, {
    url,
    databaseUrl: database.url,
    register: registerUrl(process.cwd()),
    serviceName: projectName(process.cwd()),
    captureContent: settings.captureContent,
  });
  const replaced = process.env.OTEL_EXPORTER_OTLP_ENDPOINT?.trim();
  io.out(
    paint(
      'dim',
      `earshot watches at ${url}, rows go to ${database.name}. ` +
        (hasPage
          ? 'Open that address to see the calls as they go on.'
          : `In another terminal, ${nextCommand(database, 'ui')} shows its calls as they go on.`) +
        (replaced ? ' OTEL_EXPORTER_OTLP_ENDPOINT is replaced for this run.' : ''),
    ),
  );
  const startedUs = Date.now() * 1_000;
  const code = await runCommand(command, env).catch((error: unknown) => {
    if (!(error instanceof NotStartedError)) throw error;
    io.err(`earshot: ${safeText(error.message)}`);
    return error;
  });
  if (code instanceof NotStartedError) return code.exitCode;
  // What is left is short, and not worth a second question.
  const leave = () => process.exit(code);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, leave);
  await calls.finish(receiving, database.db);
  io.out('');
  if (calls.ids.length === 0) io.out(NO_CALLS);
  else {
    await reportCalls(database.db, { limit: calls.ids.length, since: startedUs }, false, io);
    io.out(
      `\n${paint('dim', `${nextCommand(database, 'ui')} shows them in a browser, ${nextCommand(database, 'report')} CALL a call turn by turn.`)}`,
    );
  }
  return code;
}

const NO_CALLS = `No call was seen. A Node agent loads one of the SDKs of docs/sdks.md, or calls startCall itself; one that is bundled
hands its clients over (earshot/instrument). An agent in another language exports spans over OTLP.
earshot doctor looks for the reason.`;

async function watchOthers({ receiving, database, io, hasPage }: Watched): Promise<ExitCode> {
  const { url } = receiving.receiver;
  const stopped = new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
  io.err(`earshot watches at ${url}, rows go to ${database.name}. Start agents with these:

  Node:    export NODE_OPTIONS="--import ${registerUrl(process.cwd())}"
           export EARSHOT_WATCH_URL=${url}
  others:  export OTEL_EXPORTER_OTLP_ENDPOINT=${url}
           export OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf

Each call is shown when it has ended; ${hasPage ? `${url} shows them in a browser` : `in another terminal ${nextCommand(database, 'ui')} shows them in a browser`}, as they go on.
Ctrl-C stops.
`);
  await stopped;
  io.err(
    `\n${nextCommand(database, 'ui')} shows the calls in a browser, ${nextCommand(database, 'report')} here.`,
  );
  return 0;
}

async function listen(
  options: Omit<ReceivingOptions, 'settings'> & { settings: Settings },
): Promise<Receiving> {
  const { host, port } = options.settings;
  try {
    return await startReceiving(options);
  } catch (cause) {
    const isTaken = errorClass(cause) === 'EADDRINUSE';
    if (isTaken && port === USUAL_PORT)
      return startReceiving({ ...options, settings: { ...options.settings, port: 0 } });
    throw new CommandError(
      `cannot listen on ${host}:${port} (${errorClass(cause)}). Choose another with --port, or stop what is there.`,
      { cause },
    );
  }
}

/** Of OTLP: agents in Python look for it by themselves. */
const USUAL_PORT = 4318;

function settingsOf({ port: given, content }: Invocation['options']): Settings {
  const port = readPort(given);
  const settings = readSettings({
    overrides: {
      ...(port !== undefined && { port }),
      ...(content === true && { captureContent: true }),
    },
  });
  return {
    ...settings,
    databaseUrl: process.env.EARSHOT_DATABASE_URL?.trim() ? settings.databaseUrl : undefined,
    host: '127.0.0.1',
    adminPort: undefined,
    // Loopback needs none, and the command has not got it.
    authToken: undefined,
  };
}

const onStderr = (io: Io): Io => ({
  ...io,
  out: io.err,
  colour: process.stderr.isTTY === true && process.env.NO_COLOR === undefined,
  width: process.stderr.columns || io.width,
});
