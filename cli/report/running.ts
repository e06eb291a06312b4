import { finalizeCall } from '../../exporter/finalize.ts';
import { loadPriceList } from '../../exporter/pipeline/price-list.ts';
import {
  type CallKey,
  callKey,
  type Database,
  getJournalFacts,
  listRunningCalls,
  partsOf,
} from '../../exporter/store/index.ts';
import { splitCalls } from '../../exporter/store/split.ts';
import type { Fact } from '../../model/facts.ts';
import type { CallRows } from '../../model/rows.ts';
import { withSafeTexts } from '../../model/safe-text.ts';
import { isJudgment } from '../../model/scores.ts';
import type { Settings } from '../../model/settings.ts';
import type { Io } from '../command.ts';
import { toJson } from '../render/json.ts';
import { markedCost, markedSilence } from '../render/marks.ts';
import { type Column, count, showDuration, showInstant, table } from '../render/text.ts';

/** A call that goes on: its rows as its spans so far give them. */
export interface RunningRows extends CallRows {
  facts: readonly Fact[];
}

/** What is known so far of a call that goes on; undefined when nothing of it is in the journal. */
export async function runningCall(
  db: Database,
  call: CallKey,
  settings: Settings,
): Promise<RunningRows | undefined> {
  const warn = () => {};
  const { tenant, callId } = partsOf(call);
  const journal = await getJournalFacts(db, callId, settings.maxCallSpans, tenant);
  // Of an id that was used before, the last call is the one that goes on.
  const facts = splitCalls(journal, settings.callGap * 1_000).at(-1);
  if (facts === undefined || facts.every(isJudgment)) return undefined;
  return { ...finalizeCall(facts, await loadPriceList(settings, warn)), facts };
}

/** The names of so many are looked up; spans are read of those that are shown. */
const MOST_COUNTED = 10_000;

export interface LiveOptions {
  limit: number;
  json: boolean;
  utc: boolean;
  settings: Settings;
  /** (Default: of all tenants.) */
  tenants?: readonly string[] | undefined;
}

/** The calls that go on, one line each. They have no end yet: what only their end tells (outcome, agent) is not known. */
export async function listLiveCalls(
  db: Database,
  { limit, json, utc, settings, tenants }: LiveOptions,
  io: Io,
): Promise<void> {
  const calls: RunningRows[] = [];
  const listed = await listRunningCalls(db, MOST_COUNTED, '', tenants);
  for (const { tenant, callId } of listed.slice(0, limit)) {
    const rows = await runningCall(db, callKey(callId, tenant), settings);
    if (rows) calls.push(rows);
  }
  if (json)
    return io.out(
      toJson({ calls: calls.map(({ metrics, logs }) => ({ ...metrics, running: true, turns: logs })) }),
    );
  if (calls.length === 0) return io.out('No call is going on.');
  const several = new Set(calls.map(({ metrics }) => metrics.tenant)).size > 1;
  const shown = several ? [TENANT, ...columns(utc)] : columns(utc);
  io.out(table(shown, withSafeTexts(calls), io.screen));
  const all = count(listed.length, 'call');
  io.out(
    listed.length > limit
      ? `\n${all} going on, ${calls.length} shown. Figures are those so far.`
      : `\n${all} going on. Figures are those so far.`,
  );
}

const TENANT: Column<RunningRows> = { title: 'TENANT', cell: ({ metrics }) => metrics.tenant };

const columns = (utc: boolean): readonly Column<RunningRows>[] => [
  { title: 'CALL', enough: 12, cell: ({ metrics }) => metrics.call_id },
  { title: utc ? 'STARTED (UTC)' : 'STARTED', cell: ({ metrics }) => showInstant(metrics.started_at, utc) },
  { title: 'SO FAR', right: true, cell: ({ metrics }) => showDuration(metrics.duration_seconds) },
  { title: 'TURNS', right: true, leaves: 2, cell: ({ metrics }) => String(metrics.turn_count) },
  {
    title: 'SILENCE P50',
    right: true,
    leaves: 1,
    cell: ({ metrics, logs }) => markedSilence(metrics.eou_latency_p50, estimates(logs)),
  },
  { title: 'COST', right: true, cell: ({ metrics, logs }) => markedCost(metrics, estimates(logs)) },
];

const estimates = (logs: CallRows['logs']) => ({
  silence: logs.some((turn) => turn.playback_source === 'estimated'),
  cost: logs.some((turn) => turn.usage_estimated === true),
});
