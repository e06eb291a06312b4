import type { Micros } from '../../model/facts.ts';
import type { Incident, StoredIncident } from '../../model/incidents.ts';
import { lookAtTurns } from '../incidents/detect.ts';
import { incidentMessage } from '../incidents/message.ts';
import { LOOKS_BACK, lookAt, RULE } from '../incidents/windows.ts';
import {
  claimLook,
  type Database,
  noteLook,
  openIncidents,
  queueMessage,
  readWatchedTurns,
  writeIncidents,
} from '../store/index.ts';

/** Calls that are over get their rows in this time, so that a slice is looked at as a whole. */
const SETTLED: Micros = 30_000_000;
/** After a pause, looks that were missed are made up for so far back. */
const MOST_MISSED: Micros = RULE.mostLater;
/** Messages that wait, at most. */
const MOST_MESSAGES = 500;

/** What a look has come to. */
export interface Looked {
  readonly opened: readonly StoredIncident[];
  readonly closed: readonly StoredIncident[];
  /** Messages for which there was no room. */
  readonly dropped: number;
  /** When there is something to look at again, in milliseconds from now. */
  readonly againMs: number;
}

/**
 * Looks at the slices that are over and were not looked at, in one transaction: of several processes one looks, and one that is
 * killed has changed nothing.
 *
 * @param options.tells - messages are written down for the webhook
 * @throws the driver's error; then nothing has changed.
 */
export function lookForIncidents(
  db: Database,
  { budget, tells }: { budget: number; tells: boolean },
): Promise<Looked> {
  return db.transaction(async (tx) => {
    const last = await claimLook(tx);
    if (last === undefined) return nothing(RULE.slice / 1_000);
    const until = lookAt(last.now - SETTLED);
    const againMs = Math.max(1_000, (until + RULE.slice + SETTLED - last.now) / 1_000);
    const first = Math.max((last.until ?? until - RULE.slice) + RULE.slice, until - MOST_MISSED);
    if (first > until) return nothing(againMs);
    const open = await openIncidents(tx);
    const turns = await readWatchedTurns(tx, first - LOOKS_BACK, until);
    let current: readonly Incident[] = open;
    const [opened, closed]: [Incident[], Incident[]] = [[], []];
    for (let at = first; at <= until; at += RULE.slice) {
      const look = lookAtTurns(turns, at, current, budget);
      opened.push(...look.opened);
      closed.push(...look.closed);
      current = [...look.updated, ...look.opened];
    }
    // Those that were opened and closed while no one looked are written once, as they are now.
    const stored = await writeIncidents(tx, [...current, ...closed]);
    const same = (all: readonly Incident[]) =>
      stored.filter((each) => all.some((one) => one.openedAt === each.openedAt && one.owner === each.owner));
    const told = { opened: same(opened), closed: same(closed) };
    let dropped = 0;
    if (tells)
      for (const message of [
        ...told.opened.map((each) => incidentMessage('incident.opened', each)),
        ...told.closed.map((each) => incidentMessage('incident.closed', each)),
      ])
        dropped += await queueMessage(tx, message, MOST_MESSAGES);
    await noteLook(tx, until);
    return { ...told, dropped, againMs };
  });
}

const nothing = (againMs: number): Looked => ({ opened: [], closed: [], dropped: 0, againMs });
