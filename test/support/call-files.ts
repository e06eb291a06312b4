import { type CallFile, RememberedPrices, withoutWords } from '../../exporter/call-file/index.ts';
import { endLine, linesOf } from '../../exporter/call-file/lines.ts';
import { finalizeCall } from '../../exporter/finalize.ts';
import { catalogue, type PriceList } from '../../exporter/pricing/index.ts';
import { CALL_LOGS, CALL_METRICS, type Columns } from '../../exporter/store/columns.ts';
import type { Fact } from '../../model/facts.ts';
import { callFact, REFERENCE_US, turnFact } from './call-rows.ts';

/** A call as it would be saved, of its facts. */
export function callFileOf(
  facts: readonly Fact[],
  priceList: PriceList = catalogue(),
  content = true,
): CallFile {
  const prices = new RememberedPrices(priceList);
  const rows = finalizeCall(facts, prices);
  const metrics = inColumns(CALL_METRICS, rows.metrics);
  const logs = rows.logs.map((row) => inColumns(CALL_LOGS, row));
  return {
    writtenBy: '0.1.0',
    savedAtUs: REFERENCE_US,
    content,
    priceList: prices.name,
    prices: prices.used,
    metrics: { ...metrics, finalized_at: REFERENCE_US, finalized_by: 'test' },
    turns: content ? logs : logs.map((turn) => ({ ...turn, user_text: null, agent_text: null })),
    scores: rows.scores ?? [],
    facts: content ? facts : facts.map(withoutWords),
    sounds: [],
  };
}

/** A row with its columns in the order in which the database gives them. */
const inColumns = <Row extends object>(columns: Columns, row: Row): Row =>
  Object.fromEntries(Object.keys(columns).map((name) => [name, row[name as keyof Row]])) as Row;

/** A short call of two turns, of which something was said. */
export const shortCall = (callId = 'CA-file'): CallFile =>
  callFileOf([
    callFact(callId, {
      tenant: 'acme',
      tags: { zone: 'b', plan: 'gold' },
      scores: [{ name: 'tone', value: 1, atUs: REFERENCE_US }],
    }),
    turnFact(callId, 0, {
      tenant: 'acme',
      initiator: 'user',
      userText: 'A table, please',
      agentText: 'Done',
    }),
    turnFact(callId, 1, { tenant: 'acme', initiator: 'user' }),
  ]);

/** The lines of a file as they are read, without its checksum, which nothing compares here. */
export const linesWithEnd = (file: CallFile): string[] => [...linesOf(file), endLine('')];
