import {
  type CallLogRow,
  type Database,
  getCallFacts,
  getCallLogs,
  getCallMetrics,
  type ListCallsOptions,
  listCalls,
  listRestingCalls,
  type StoredCallMetrics,
  tenantsOfCall,
} from '../../exporter/store/index.ts';
import { safeText, withSafeTexts } from '../../model/safe-text.ts';
import { parseDuration, readSettings } from '../../model/settings.ts';
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
import { callDetails, callTable, summary } from '../render/calls.ts';
import { toJson } from '../render/json.ts';
import { painter } from '../render/text.ts';
import { waterfall } from '../render/waterfall.ts';

const DEFAULT_LIMIT = 20;

export const report: Command = {
  name: 'report',
  summary: 'show finished calls, or one call turn by turn',
  help: `Usage: earshot report [CALL] [--since DURATION] [--limit N] [--tenant NAME] [--json]

Without CALL: the latest calls, one line each, and what they come to together: the silence before the agent answers
(p50, p95), interruptions, outcomes, and cost by component. A + behind a cost: something had no price.

With CALL: everything known of that call, and for each turn its waterfall: who spoke, how long each stage took to its
first byte, and the segments that the silence is made of. They sum to the silence exactly.

  --since 2h   only calls that started in the last two hours (ms, s, m, h, d)
  --limit N    how many calls (default ${DEFAULT_LIMIT})
  --tenant T   only calls of this tenant; with CALL, whose call of that id it is
  --json       the rows, under their column names; money as strings, instants in ISO 8601

Reads EARSHOT_DATABASE_URL (or DATABASE_URL), else the embedded database in .earshot (EARSHOT_DATA_DIR).`,
  options: {
    json: { type: 'boolean' },
    since: { type: 'string' },
    limit: { type: 'string' },
    tenant: { type: 'string' },
  },
  maxArguments: 1,
  run,
};

async function run({ arguments: [callId], options, io }: Invocation): Promise<ExitCode> {
  const limit = readLimit(options.limit);
  const since = readSince(options.since);
  const json = options.json === true;
  const tenant = typeof options.tenant === 'string' ? options.tenant : undefined;
  const settings = readSettings();
  const database = await openCommandDatabase(settings);
  try {
    if (database.embedded)
      await finalizeEndedCalls(database.db, settings, (message) => io.err(`earshot: ${safeText(message)}`));
    if (callId !== undefined) await reportCall(database.db, callId, json, io, tenant);
    else
      await reportCalls(
        database.db,
        { limit, ...(since !== undefined && { since }), ...(tenant && { tenant: [tenant] }) },
        json,
        io,
      );
    return 0;
  } finally {
    await database.close();
  }
}

/** The latest calls. */
export async function reportCalls(
  db: Database,
  options: Pick<ListCallsOptions, 'limit' | 'since' | 'tenant'>,
  json: boolean,
  io: Io,
): Promise<void> {
  const calls = await listCalls(db, options);
  const resting = withSafeTexts(await listRestingCalls(db, 20, options.tenant));
  const turns: CallLogRow[] = [];
  for (const { call_id, tenant } of calls) turns.push(...(await getCallLogs(db, call_id, tenant)));
  if (json)
    return io.out(
      toJson({
        calls: calls.map((call) => ({ ...call, turns: turnsOf(call, turns) })),
        ...(resting.length > 0 && { resting }),
      }),
    );
  for (const { call_id, last_error } of resting)
    io.err(
      `earshot: call ${call_id} could not be turned into rows (${last_error}), and rests until a new span arrives.`,
    );
  if (calls.length === 0)
    return io.out(
      'No finished calls. An agent started with --import earshot/register and EARSHOT_DATABASE_URL writes them.',
    );
  const shown = withSafeTexts(calls);
  io.out(`${callTable(shown)}\n\n${summary(shown, turns, painter(io.colour))}`);
}

/** One call, turn by turn; without a tenant, of the only one that has it. */
export async function reportCall(
  db: Database,
  callId: string,
  json: boolean,
  io: Io,
  asked?: string,
): Promise<void> {
  const tenants = asked === undefined ? await tenantsOfCall(db, callId) : [asked];
  if (tenants.length > 1)
    throw new CommandError(
      `several tenants have a call ${callId}: ${tenants.join(', ')}. Choose one with --tenant.`,
    );
  const [tenant] = tenants;
  const call = tenant === undefined ? undefined : await getCallMetrics(db, callId, tenant);
  if (!call)
    throw new CommandError(`there is no finished call ${callId}. earshot report lists those there are.`);
  const turns = await getCallLogs(db, callId, tenant);
  if (json) return io.out(toJson({ ...call, turns }));
  const facts = withSafeTexts(await getCallFacts(db, callId, undefined, undefined, tenant));
  const paint = painter(io.colour);
  io.out(callDetails(withSafeTexts(call), paint));
  for (const turn of withSafeTexts(turns)) io.out(`\n${waterfall(turn, facts, io.width, paint)}`);
}

const turnsOf = ({ call_id, tenant }: StoredCallMetrics, turns: readonly CallLogRow[]): CallLogRow[] =>
  turns.filter((turn) => turn.call_id === call_id && turn.tenant === tenant);

function readLimit(text: unknown): number {
  if (text === undefined) return DEFAULT_LIMIT;
  const limit = Number(text);
  if (Number.isInteger(limit) && limit > 0) return limit;
  throw new UsageError(`--limit: saw ${String(text)}, expected a whole number above 0.`);
}

function readSince(text: unknown): number | undefined {
  if (typeof text !== 'string') return undefined;
  const ms = parseDuration(text);
  if (ms === undefined)
    throw new UsageError(`--since: saw ${text}, expected a duration such as 30m, 2h or 7d.`);
  return (Date.now() - ms) * 1_000;
}
