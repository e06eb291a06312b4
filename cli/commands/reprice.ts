import type { Decimal } from 'decimal.js';
import { finalizeCall } from '../../exporter/finalize.ts';
import { readPriceList } from '../../exporter/pipeline/price-list.ts';
import { type PriceList, sumUsd } from '../../exporter/pricing/index.ts';
import { COST_COLUMNS, type Repricing, reprice as repriceCalls } from '../../exporter/store/index.ts';
import { safeText } from '../../model/safe-text.ts';
import { readSettings, type Settings } from '../../model/settings.ts';
import { type Command, type ExitCode, type Invocation, type Io, UsageError } from '../command.ts';
import { openCommandDatabase } from '../database.ts';
import { toJson } from '../render/json.ts';
import { count, showInstant, showMoney, table } from '../render/text.ts';
import { readTime, TIME_HELP } from '../time-option.ts';

/** Beyond this many calls only the sums are shown; `--json` has them all. */
const SHOWN = 20;

export const reprice: Command = {
  name: 'reprice',
  help: `Usage: earshot reprice --since TIME [--prices FILE] [--tenant NAME] [--apply] [--json]

Computes the cost of calls again from the journal and shows the difference. Writes nothing without --apply.

  --since TIME    calls that started then or later: ${TIME_HELP}
  --prices FILE   a price file whose entries come before the catalogue's (default: EARSHOT_PRICES; docs/pricing.md)
  --tenant NAME   only calls of this tenant
  --apply         writes the new costs
  --json          every call, its costs before and after, under the column names that report --json has

Calls whose spans have left the journal (EARSHOT_SPAN_RETENTION) keep their cost and are counted. Workers that run with
other prices would restore the old costs when a late span arrives: give them the new prices first.

Works on EARSHOT_DATABASE_URL (or DATABASE_URL), else on the embedded database in .earshot (EARSHOT_DATA_DIR).`,
  options: {
    since: { type: 'string' },
    prices: { type: 'string' },
    tenant: { type: 'string' },
    apply: { type: 'boolean' },
    json: { type: 'boolean' },
  },
  maxArguments: 0,
  run,
};

type Priced = Extract<Repricing, { kind: 'changed' | 'same' }>;

async function run({ options, io }: Invocation): Promise<ExitCode> {
  const since = readTime('since', options.since);
  if (since === undefined)
    throw new UsageError('--since is missing: say from when on, such as 2026-11-01 or 30d.');
  const settings = readSettings(
    typeof options.prices === 'string' ? { overrides: { prices: options.prices } } : {},
  );
  const priceList = await priceListOf(settings);
  const apply = options.apply === true;
  const database = await openCommandDatabase(settings);
  try {
    const found: Repricing[] = [];
    for await (const repricing of repriceCalls(database.db, {
      since,
      ...(typeof options.tenant === 'string' && { tenant: options.tenant }),
      apply,
      finalize: (facts) => finalizeCall(facts, priceList),
      callGapMs: settings.callGap,
      by: `reprice:${process.pid}`,
    })) {
      found.push(repricing);
      if (found.length % 1_000 === 0) io.err(`${found.length} calls …`);
    }
    if (options.json === true)
      io.out(toJson({ price_list: priceList.name, applied: apply, calls: found.map(inColumns) }));
    else show(found, priceList, apply, io);
    return 0;
  } finally {
    await database.close();
  }
}

/** Under the names of `report --json`. */
const inColumns = ({ tenant, callId, startedAt, ...repricing }: Repricing) => ({
  tenant,
  call_id: callId,
  started_at: startedAt,
  ...repricing,
});

const TENANT = { title: 'TENANT', cell: ({ tenant }: Priced) => safeText(tenant) };

function show(found: readonly Repricing[], { name }: PriceList, apply: boolean, io: Io): void {
  const priced = found.filter((repricing): repricing is Priced => repricing.kind !== 'expired');
  const changed = priced.filter(({ kind }) => kind === 'changed');
  if (changed.length > 0) {
    io.out(
      table(
        [
          ...(new Set(changed.map(({ tenant }) => tenant)).size > 1 ? [TENANT] : []),
          { title: 'CALL', cell: ({ callId }) => safeText(callId) },
          { title: 'STARTED (UTC)', cell: ({ startedAt }) => showInstant(startedAt) },
          { title: 'BEFORE', right: true, cell: ({ before }) => showMoney(before.cost_total) },
          { title: 'AFTER', right: true, cell: ({ after }) => showMoney(after.cost_total) },
        ],
        changed.slice(0, SHOWN),
      ),
    );
    if (changed.length > SHOWN) io.out(`… and ${changed.length - SHOWN} more; --json has them all`);
    io.out('');
  }
  const sums = COST_COLUMNS.map((column) => ({
    component: column.slice('cost_'.length),
    before: sumUsd(known(priced.map(({ before }) => before[column]))),
    after: sumUsd(known(priced.map(({ after }) => after[column]))),
  })).filter(({ before, after }) => before !== undefined || after !== undefined);
  if (sums.length > 0)
    io.out(
      table(
        [
          { title: 'COST', cell: ({ component }) => component },
          { title: 'BEFORE', right: true, cell: ({ before }) => showMoney(before) },
          { title: 'AFTER', right: true, cell: ({ after }) => showMoney(after) },
        ],
        sums,
      ),
    );
  const expired = found.length - priced.length;
  io.out(
    `\n${count(found.length, 'call')}, ${changed.length} of another cost with ${name}${expired > 0 ? `, ${expired} without spans left` : ''}.`,
  );
  if (changed.length > 0) io.out(apply ? 'The new costs are written.' : 'Nothing is written: add --apply.');
}

const known = (values: readonly (Decimal | null)[]): Decimal[] => values.filter((value) => value !== null);

/** As the settings choose it. Unlike in an agent, a price file that cannot be used stops the command. */
async function priceListOf(settings: Settings): Promise<PriceList> {
  try {
    return await readPriceList(settings);
  } catch (error) {
    throw new UsageError(`--prices: ${settings.prices} cannot be used: ${(error as Error).message}`);
  }
}
