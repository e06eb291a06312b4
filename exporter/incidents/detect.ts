import type { Micros } from '../../model/facts.ts';
import type { Incident, IncidentEnd, Usual, WatchedOwner, WatchedTurn } from '../../model/incidents.ts';
import { distributionOf, p95Of } from './distribution.ts';
import { type Observation, type OwnObservations, observationsOf, ownerKey } from './observations.ts';
import { onsetOf } from './onset.ts';
import { chanceOf, comparable, isSlow, slowShare, usualOf } from './usual.ts';
import { between, knownBy, RULE, type Windows, windowsAt } from './windows.ts';

/** What a look changes. */
export interface Look {
  readonly opened: readonly Incident[];
  /** Those that go on, with the turns since. */
  readonly updated: readonly Incident[];
  readonly closed: readonly Incident[];
}

/** Of the turns since a change, where it began is looked for as if no more were slow: calls from before it go on for a while. */
const MOST_SLOW = 0.6;

/** What an owner waits for: while that is slow, it is slow for no reason of its own. */
const WAITS_FOR: Readonly<Partial<Record<WatchedOwner['part'], WatchedOwner['part']>>> = {
  endpointing: 'stt',
  preparation: 'llm',
  aggregation: 'llm',
};

/**
 * Looks at the turns of the last hours, as they were known at the end of a slice. Pure: the same turns and the same open
 * incidents give the same in any process, and whether or not anyone looked at the slice before.
 *
 * @param turns - in order of time, those of `LOOKS_BACK` at least
 * @param open - incidents that are open
 * @param budget - the silence that is still good, in seconds
 */
export function lookAtTurns(
  turns: readonly WatchedTurn[],
  at: Micros,
  open: readonly Incident[],
  budget: number,
): Look {
  const observed = observationsOf(turns);
  const of = ({ owner }: Incident) => observed.get(ownerKey(owner))?.observations ?? [];
  const going = open.map((incident) => goOn(incident, of(incident), at));
  const stillOpen = going.filter(({ closedAt }) => closedAt === undefined);
  const known = new Set(open.map(({ owner }) => ownerKey(owner)));
  const risen = [...observed]
    .filter(([key]) => !known.has(key))
    .flatMap(([, own]) => incidentOf(own, at, budget) ?? []);
  const slow = [...stillOpen, ...risen].map(({ owner }) => owner);
  return {
    opened: risen.filter(({ owner }) => !isExplained(owner, slow)),
    updated: stillOpen,
    closed: going.filter(({ closedAt }) => closedAt !== undefined),
  };
}

const isExplained = ({ part, tenant }: WatchedOwner, slow: readonly WatchedOwner[]): boolean =>
  slow.some((other) => other.tenant === tenant && other.part === WAITS_FOR[part]);

/** The incident that an owner has: it was slow some looks ago, and held against the same is slow at each look since. */
function incidentOf(
  { owner, observations }: OwnObservations,
  at: Micros,
  budget: number,
): Incident | undefined {
  const [first, ...rest] = Array.from(
    { length: RULE.opensAfter },
    (_, index) => at - (RULE.opensAfter - 1 - index) * RULE.slice,
  );
  const windows = first === undefined ? undefined : windowsAt(observations, first);
  if (windows === undefined) return undefined;
  const usual = usualOf(windows.earlier);
  const isSlowThen = (later: readonly Observation[] = []) => isAlarming(later, windows.earlier, usual);
  const holds =
    isSlowThen(windows.later) && rest.every((look) => isSlowThen(windowsAt(observations, look)?.later));
  return holds ? openedBy({ owner, observations }, windows, usual, at, budget) : undefined;
}

/** Whether later turns are slower than earlier ones, by more than chance, and by so much that it matters. */
function isAlarming(
  allLater: readonly Observation[],
  earlier: readonly Observation[],
  usual: readonly Usual[],
): boolean {
  const later = comparable(allLater, usual);
  if (later.length < RULE.comparableTurns) return false;
  const slow = later.filter((each) => isSlow(each, usual));
  // What is quickly said first.
  if (slow.length / later.length <= RULE.recoveredShare) return false;
  if (new Set(slow.map(({ turn }) => turn.callId)).size < RULE.slowCalls) return false;
  if (chanceOf(later, usual) > RULE.chance) return false;
  const before = p95Of(comparable(earlier, usual), later);
  const moved = p95Of(later, later) - before;
  return moved >= Math.max(RULE.mattersSeconds, RULE.mattersShare * before);
}

function openedBy(
  { owner, observations }: OwnObservations,
  { earlier, from, baseline }: Windows,
  usual: readonly Usual[],
  at: Micros,
  budget: number,
): Incident {
  const later = comparable(between(knownBy(observations, at), baseline.until, at), usual);
  const recent = slowShare(between(later, from, at), usual);
  const share = Math.min(MOST_SLOW, Math.max(3 * RULE.recoveredShare, recent));
  const onset = onsetOf(
    later.map((each) => isSlow(each, usual)),
    RULE.recoveredShare / 2,
    share,
  );
  const after = later.slice(onset);
  return {
    owner,
    since: after[0]?.turn.at ?? from,
    openedAt: at,
    lookedAt: at,
    budget,
    baseline,
    usual,
    before: distributionOf(comparable(earlier, usual), budget, after),
    after: distributionOf(after, budget),
  };
}

/** An incident one look later: as it is now, or closed. */
function goOn(incident: Incident, observations: readonly Observation[], at: Micros): Incident {
  const { usual, since, openedAt, budget, lookedAt, after } = incident;
  const votes = Array.from({ length: RULE.closesAfter }, (_, back) =>
    voteAt(observations, incident, at - back * RULE.slice),
  );
  const own = comparable(knownBy(observations, at), usual).filter(({ turn }) => turn.at >= since);
  // Turns leave the window of what is looked at: the figures stay those of the time that was last seen as a whole.
  const seen = own.length >= after.turns ? { after: distributionOf(own, budget) } : {};
  const end = endOf(incident, votes, at);
  const isSaid = votes[0] !== undefined;
  const now = { ...incident, ...seen, lookedAt: isSaid ? at : Math.max(lookedAt, openedAt) };
  if (end === undefined) return now;
  return {
    ...now,
    closedAt: at,
    end,
    ...(end === 'recovered' && { until: recoveryOf(own, incident) ?? at }),
  };
}

/** From when on turns were as usual again. */
function recoveryOf(since: readonly Observation[], { usual, after }: Incident): Micros | undefined {
  const isUsual = since.map((each) => !isSlow(each, usual));
  // While it lasted at least as many were slow as it takes to be one.
  const slow = Math.max(2 * RULE.recoveredShare, slowShare(since.slice(0, after.turns), usual));
  return since[onsetOf(isUsual, 1 - Math.min(0.95, slow), 1 - RULE.recoveredShare / 2)]?.turn.at;
}

/** Whether turns are slow still; undefined: there are too few to say, or the look was before the incident. */
function voteAt(observations: readonly Observation[], { usual, openedAt }: Incident, at: Micros) {
  if (at < openedAt) return undefined;
  const windows = windowsAt(observations, at);
  const later = windows && comparable(windows.later, usual);
  if (later === undefined || later.length < RULE.comparableTurns) return undefined;
  return slowShare(later, usual) > RULE.recoveredShare;
}

function endOf(
  { openedAt, lookedAt }: Incident,
  votes: readonly (boolean | undefined)[],
  at: Micros,
): IncidentEnd | undefined {
  if (votes.every((isSlowStill) => isSlowStill === false)) return 'recovered';
  if (votes[0] === undefined && at - lookedAt >= RULE.quiet) return 'quiet';
  return at - openedAt >= RULE.lasting ? 'lasting' : undefined;
}
