import { isLoopback } from '../../exporter/receiver/door/loopback.ts';
import { MIN_TOKEN_CHARACTERS } from '../../exporter/receiver/door/tokens-file.ts';
import type { Log, WatchedTokens } from '../../exporter/receiver/index.ts';
import { type Database, deletedCalls, errorClass, errorCode } from '../../exporter/store/index.ts';
import { readSettings, type Settings } from '../../model/settings.ts';
import { VERSION } from '../../model/version.ts';
import { sweepIncoming } from '../../recordings/incoming.ts';
import type { Kept } from '../../recordings/kept.ts';
import { keepSweeping } from '../../recordings/sweep.ts';
import { type Command, CommandError, type ExitCode, type Invocation, UsageError } from '../command.ts';
import { connectCommandDatabase } from '../database.ts';
import { livekitKeysOf } from '../livekit-keys.ts';
import { openPage } from '../mounted-page.ts';
import { readPort } from '../port-option.ts';
import {
  type Receiving,
  type ReceivingOptions,
  receiverConnections,
  routeDiagnostics,
  startReceiving,
} from '../receiving.ts';
import { keptRecordings } from '../recordings.ts';

const SAME_SIGNAL_MS = 300;

export const serve: Command = {
  name: 'serve',
  help: `Usage: earshot serve [--host ADDRESS] [--port PORT]

Receives traces at POST /v1/traces (OTLP/HTTP, protobuf or JSON, gzip), commits the spans of calls to the journal before
it answers, and turns calls into rows. Of logs only scores are read, metrics are ignored. Any number of these can run on one
database. Stops on SIGTERM or SIGINT: answers what is under way, then exits; a second signal makes it exit immediately.

  --host ADDRESS   where to listen (default 127.0.0.1, or EARSHOT_HOST)
  --port PORT      0 picks a free one (default 4318, or EARSHOT_PORT)

Any address but loopback needs EARSHOT_AUTH_TOKEN (16 characters or more), or EARSHOT_TOKENS, a file of several, each with
a name and maybe a tenant; senders show theirs as OTEL_EXPORTER_OTLP_HEADERS="authorization=Bearer TOKEN". Or
EARSHOT_INSECURE=true.

With LIVEKIT_API_KEY and LIVEKIT_API_SECRET, or a file of several pairs (EARSHOT_LIVEKIT_KEYS), it is what LiveKit Agents
upload to: LIVEKIT_OBSERVABILITY_URL. Their recordings are kept in EARSHOT_RECORDINGS.

Reports of Vapi, Retell, Bland and ElevenLabs, and Twilio's callbacks, are taken at POST /webhooks/PLATFORM where the
platform's secret is set (EARSHOT_VAPI_SECRET and so on): see docs/platforms.md.

With EARSHOT_UI=true the page of earshot ui is served here, too; it asks for the token.

Also serves /healthz (the process runs), /readyz (the database answers), /metrics (OpenMetrics).
Works on EARSHOT_DATABASE_URL (or DATABASE_URL), else on the embedded database in .earshot (EARSHOT_DATA_DIR).`,
  options: { host: { type: 'string' }, port: { type: 'string' } },
  maxArguments: 0,
  run,
};

async function run({ options }: Invocation): Promise<ExitCode> {
  const settings = settingsOf(options);
  // Loaded here and not above: the other commands start faster without it.
  const { createLog } = await import('../../exporter/receiver/log.ts');
  const log = createLog({
    level: settings.logLevel,
    format: formatOf(settings),
    write: (line) => void process.stdout.write(`${line}\n`),
  });
  // A closed log (a broken pipe) must not end the process.
  process.stdout.on('error', () => {});
  const stop = stopSignal(log);
  routeDiagnostics(log);
  const livekitKeys = await livekitKeysOf(settings);
  const recordings = await keptRecordings(settings, log);
  const tokens = await tokensOf(settings, log);
  const database = await connectCommandDatabase(settings, receiverConnections(log));
  try {
    const page = settings.ui ? await openPage(settings, database, log) : undefined;
    const receiving = await listen({
      settings,
      database,
      log,
      livekitKeys,
      recordings,
      ...(tokens && { tokens: tokens.tokens }),
      ...(page && { page }),
    });
    const stopSweeping = sweep(recordings, settings, database.db, log);
    try {
      const { url, adminUrl } = receiving.receiver;
      const authenticated = settings.authToken !== undefined || tokens !== undefined;
      log.info('listening', {
        url,
        admin_url: adminUrl,
        version: VERSION,
        authenticated,
        page: page !== undefined,
        livekit: !livekitKeys.isEmpty,
      });
      await stop;
      log.info('stopping');
    } finally {
      stopSweeping();
      await receiving.stop();
      await page?.closeDatabase();
    }
    return 0;
  } finally {
    tokens?.stop();
    await database.close().catch(() => {});
    log.info('stopped');
  }
}

/** Recordings that have expired go, and those of calls that were deleted. */
function sweep(kept: Kept | undefined, { spanRetention }: Settings, db: Database, log: Log): () => void {
  if (kept === undefined) return () => {};
  // What a process that was killed has left of an upload.
  void sweepIncoming(kept.waiting);
  return keepSweeping({
    kept,
    retentionMs: spanRetention,
    deleted: (tenant, callIds) => deletedCalls(db, tenant, callIds),
    onError: (error) => log.warn('recordings could not be looked through', { error: errorClass(error) }),
  });
}

/** Senders' tokens, where there is a file of them. */
async function tokensOf({ tokensFile, authToken }: Settings, log: Log): Promise<WatchedTokens | undefined> {
  if (tokensFile === undefined) return undefined;
  const { watchTokens } = await import('../../exporter/receiver/index.ts');
  try {
    return await watchTokens({ file: tokensFile, authToken, log });
  } catch (error) {
    if (errorCode(error) !== 'EARSHOT_TOKENS_FILE') throw error;
    throw new UsageError(`EARSHOT_TOKENS: ${(error as Error).message}.`);
  }
}

async function listen(options: ReceivingOptions): Promise<Receiving> {
  try {
    return await startReceiving(options);
  } catch (cause) {
    if (cause instanceof UsageError) throw cause;
    const { host, port } = options.settings;
    throw new CommandError(
      `cannot listen on ${host}:${port} (${errorClass(cause)}). Choose another with --host and --port, or stop what is there.`,
      { cause },
    );
  }
}

function settingsOf(options: Invocation['options']): Settings {
  const { host } = options;
  const port = readPort(options.port);
  const settings = readSettings({
    overrides: {
      ...(typeof host === 'string' && { host }),
      ...(port !== undefined && { port }),
    },
  });
  if (settings.maxInFlightBytes < settings.maxBodyBytes + settings.maxInflatedBytes) {
    throw new UsageError(
      `EARSHOT_MAX_IN_FLIGHT_BYTES: saw ${settings.maxInFlightBytes}, expected no less than EARSHOT_MAX_BODY_BYTES and ` +
        `EARSHOT_MAX_INFLATED_BYTES together (${settings.maxBodyBytes + settings.maxInflatedBytes}): a large request would be refused with 503 every time.`,
    );
  }
  const { authToken, tokensFile, insecure } = settings;
  // Tokens of senders let no one read: without one of its own the page would be open.
  if (settings.ui && tokensFile !== undefined && authToken === undefined)
    throw new UsageError(
      'EARSHOT_UI: beside EARSHOT_TOKENS the page needs EARSHOT_AUTH_TOKEN, which it asks for.',
    );
  if (!isLoopback(settings.host) && authToken === undefined && tokensFile === undefined && !insecure) {
    throw new UsageError(
      `${settings.host} can be reached from other machines, and there is no EARSHOT_AUTH_TOKEN. Set one (any long random ` +
        'text; senders show it as authorization: Bearer …), or several in a file (EARSHOT_TOKENS), or EARSHOT_INSECURE=true ' +
        'where something else guards the address.',
    );
  }
  if (!isLoopback(settings.host) && authToken !== undefined && authToken.length < MIN_TOKEN_CHARACTERS) {
    throw new UsageError(
      `EARSHOT_AUTH_TOKEN: saw ${authToken.length} characters, expected ${MIN_TOKEN_CHARACTERS} or more where other ` +
        `machines can try it (${settings.host}). Make one with: openssl rand -hex 32`,
    );
  }
  return settings;
}

function formatOf({ logFormat }: Settings): 'json' | 'text' {
  if (logFormat !== 'auto') return logFormat;
  return process.stdout.isTTY === true ? 'text' : 'json';
}

/**
 * Resolves at the first SIGTERM or SIGINT; a second one ends the process. Shells and runners pass a signal on to a
 * process that has had it already: what comes in the same moment is the same signal.
 */
function stopSignal(log: Log): Promise<string> {
  return new Promise((resolve) => {
    let firstAtMs: number | undefined;
    const on = (signal: NodeJS.Signals) => {
      const nowMs = performance.now();
      firstAtMs ??= nowMs;
      if (nowMs - firstAtMs < SAME_SIGNAL_MS) return resolve(signal);
      log.warn('second signal, exiting now', { signal });
      process.exit(signal === 'SIGINT' ? 130 : 143);
    };
    process.on('SIGTERM', on);
    process.on('SIGINT', on);
  });
}
