import type { CallFact } from '../../model/facts.ts';
import type { Direction } from '../../model/vocabulary.ts';

/** A leg of a call as its carrier bills it. */
export interface BilledLeg {
  direction?: Direction;
  seconds: number;
  /** It is one that the call was put through to. */
  isThrough: boolean;
}

/** The spans of a call by what they tell of. */
export interface Legs {
  /** Those that say what the call was: all but records of legs that it was put through to. */
  describing: readonly CallFact[];
  /** Those that say when it was: a carrier's record is of whole seconds, and of another clock. */
  timing: readonly CallFact[];
  /** Connections that it came over. Undefined: nothing says it. */
  count: number | undefined;
  /** Legs by the carrier's own records, each once. */
  billed: readonly BilledLeg[];
}

/**
 * A call that came back on its id, or was put through, has several spans: of the agent's connections, and of what the
 * carrier and the platform say of it.
 */
export function legsOf(facts: readonly CallFact[]): Legs {
  const transferred = facts.filter((fact) => fact.transferred === true);
  const own = facts.filter((fact) => fact.transferred !== true);
  const connections = own.filter(({ billedSeconds, platform }) => (billedSeconds ?? platform) === undefined);
  const record = own.findLast(({ billedSeconds }) => billedSeconds !== undefined);
  const describing = own.length > 0 ? own : facts;
  const ownCount = connections.length > 0 ? connections.length : record && 1;
  const through = distinct(transferred);
  return {
    describing,
    timing: connections.length > 0 ? connections : describing,
    count: ownCount === undefined ? undefined : ownCount + through.length,
    billed: [...(record ? [record] : []), ...through].map(
      ({ direction, billedSeconds = 0, transferred = false }) => ({
        ...(direction !== undefined && { direction }),
        seconds: billedSeconds,
        isThrough: transferred,
      }),
    ),
  };
}

/** The same record comes by two ways where both the agent's process and the receiver get it. */
function distinct(records: readonly CallFact[]): CallFact[] {
  const seen = new Map(records.map((record) => [`${record.startUs}/${record.billedSeconds}`, record]));
  return [...seen.values()];
}
