import { Replay } from '../../exporter/incidents/replay.ts';
import { LOOKS_BACK, lookAt, RULE } from '../../exporter/incidents/windows.ts';
import { type Database, readWatchedTurns } from '../../exporter/store/index.ts';
import type { Micros } from '../../model/facts.ts';
import type { WatchedTurn } from '../../model/incidents.ts';
import type { Settings } from '../../model/settings.ts';

/** Turns are read so much at a time. */
const STRETCH: Micros = 6 * 3_600_000_000;

/** What would have been opened and closed in a time that has gone by, from the rows of its calls. */
export async function replayIncidents(
  db: Database,
  { latencyTarget }: Pick<Settings, 'latencyTarget'>,
  { from, until }: { from: Micros; until: Micros },
): Promise<Replay> {
  const replay = new Replay(latencyTarget / 1_000);
  let turns: readonly WatchedTurn[] = [];
  let read = from - LOOKS_BACK;
  for (let at = lookAt(from) + RULE.slice; at <= until; at += RULE.slice) {
    if (at > read) {
      const next = Math.min(until, at + STRETCH);
      turns = [...turns, ...(await readWatchedTurns(db, read, next))];
      read = next;
    }
    turns = turns.slice(firstIndex(turns, at - LOOKS_BACK));
    replay.look(turns.slice(0, firstIndex(turns, at)), at);
  }
  return replay;
}

/** The first turn that began at an instant or later. */
function firstIndex(turns: readonly WatchedTurn[], at: Micros): number {
  const index = turns.findIndex((turn) => turn.at >= at);
  return index < 0 ? turns.length : index;
}
