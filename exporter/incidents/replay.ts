import type { Micros } from '../../model/facts.ts';
import type { Incident, WatchedTurn } from '../../model/incidents.ts';
import { lookAtTurns } from './detect.ts';
import { LOOKS_BACK, lookAt, RULE } from './windows.ts';

/**
 * What would have been opened and closed, had someone looked at the end of every slice: with what was known by then, and no more.
 *
 * @param turns - in order of time
 */
export class Replay {
  readonly #budget: number;
  #open: readonly Incident[] = [];
  #closed: Incident[] = [];
  #looks = 0;

  constructor(budget: number) {
    this.#budget = budget;
  }

  /** Those that were opened, the first first. */
  get incidents(): Incident[] {
    return [...this.#closed, ...this.#open].sort((a, b) => a.openedAt - b.openedAt);
  }

  /** How often was looked. */
  get looks(): number {
    return this.#looks;
  }

  /** Looks at the end of a slice. */
  look(turns: readonly WatchedTurn[], at: Micros): void {
    this.#looks += 1;
    const { opened, updated, closed } = lookAtTurns(turns, at, this.#open, this.#budget);
    this.#open = [...updated, ...opened];
    this.#closed.push(...closed);
  }
}

/** The same of turns that are all there. */
export function replayed(
  turns: readonly WatchedTurn[],
  { from, until, budget }: { from: Micros; until: Micros; budget: number },
): Replay {
  const replay = new Replay(budget);
  let [first, last] = [0, 0];
  for (let at = lookAt(from) + RULE.slice; at <= until; at += RULE.slice) {
    while ((turns[first]?.at ?? Number.POSITIVE_INFINITY) < at - LOOKS_BACK) first += 1;
    while ((turns[last]?.at ?? Number.POSITIVE_INFINITY) < at) last += 1;
    replay.look(turns.slice(first, last), at);
  }
  return replay;
}
