import { hostname } from 'node:os';
import { isLoopback } from '../../exporter/receiver/door/loopback.ts';
import { MIN_TOKEN_CHARACTERS } from '../../exporter/receiver/door/tokens-file.ts';
import { errorClass } from '../../exporter/store/index.ts';
import { safeText } from '../../model/safe-text.ts';
import { readSettings, type Settings } from '../../model/settings.ts';
import { type Command, CommandError, type ExitCode, type Invocation, UsageError } from '../command.ts';
import { finalizeEndedCalls } from '../finalize.ts';
import { interrupted } from '../interrupted.ts';
import { openable } from '../openable.ts';
import { readPort } from '../port-option.ts';
import { openReadingDatabase } from '../reading-database.ts';
import { checkRecordings } from '../recordings.ts';
import { painter } from '../render/text.ts';

/** Taken when it is free; else another one is, unless it was asked for. */
const USUAL_PORT = 4319;

export const ui: Command = {
  name: 'ui',
  help: `Usage: earshot ui [--host ADDRESS] [--port PORT]

Serves the page on this machine and prints its address. It shows every call on a timeline, each turn's silence cut into
what it was made of, latency, cost and quality over time, and calls that go on, as they go on. It reads and writes nothing:
a database role that may only SELECT is enough. docs/page.md shows the views and describes the JSON API beneath them.

  --host ADDRESS   where to listen (default 127.0.0.1). Any address but loopback needs EARSHOT_AUTH_TOKEN (16 characters
                   or more), which the page then asks for.
  --port PORT      0 picks a free one (default ${USUAL_PORT}, or a free one where that is taken)

  EARSHOT_LATENCY_TARGET   silence that is still good (default 1200ms)
  EARSHOT_TRACE_URL        where traces are, as http://localhost:16686/trace/{trace_id}

Reads EARSHOT_DATABASE_URL (or DATABASE_URL), else the embedded database in .earshot (EARSHOT_DATA_DIR).`,
  options: { host: { type: 'string' }, port: { type: 'string' } },
  maxArguments: 0,
  run,
};

async function run({ options, io }: Invocation): Promise<ExitCode> {
  const settings = readSettings();
  const host = typeof options.host === 'string' ? options.host : '127.0.0.1';
  checkAddress(host, settings);
  await checkRecordings(settings);
  const port = readPort(options.port);
  const stopped = interrupted();
  const { PageNotBuiltError, servePage } = await import('../../ui/server/index.ts');
  const database = await openReadingDatabase(settings);
  try {
    if (database.embedded)
      await finalizeEndedCalls(database.db, settings, (message) => io.err(`earshot: ${safeText(message)}`));
    const page = await servePage({
      db: database.db,
      settings,
      host,
      ...(port === undefined ? { port: USUAL_PORT, orAnyPort: true } : { port }),
      onError: (error) => io.err(`earshot: the database did not answer (${error})`),
    }).catch((cause: unknown) => {
      if (cause instanceof PageNotBuiltError) throw new CommandError(cause.message, { cause });
      throw new CommandError(
        `cannot listen on ${host}:${port ?? USUAL_PORT} (${errorClass(cause)}). Choose another with --host and --port.`,
        { cause },
      );
    });
    const paint = painter(io.colour);
    const { here, elsewhere } = openable(page.url, hostname());
    io.out(`${paint('bold', here)}`);
    if (elsewhere !== undefined) io.err(paint('dim', `from other machines: ${elsewhere}`));
    io.err(paint('dim', `shows ${database.name}; Ctrl-C ends it`));
    await stopped;
    await page.close();
    return 0;
  } finally {
    await database.close();
  }
}

function checkAddress(host: string, { authToken }: Settings): void {
  if (isLoopback(host)) return;
  if (authToken === undefined)
    throw new UsageError(
      `${host} can be reached from other machines: set EARSHOT_AUTH_TOKEN (openssl rand -hex 32), which the page then asks for.`,
    );
  if (authToken.length < MIN_TOKEN_CHARACTERS)
    throw new UsageError(
      `EARSHOT_AUTH_TOKEN: saw ${authToken.length} characters, expected ${MIN_TOKEN_CHARACTERS} or more where other machines can try it (${host}).`,
    );
}
