import type { Fact, Micros } from '../../model/facts.ts';
import { isJudgment } from '../../model/scores.ts';

/** What separates two calls of one id, in milliseconds, where no setting says it. */
export const DEFAULT_CALL_GAP_MS = 3_600_000;

/** Between a call's id and its number, from the second call of that id on. */
const MARK = '#';

/** The id of one of the calls that came under an id: the first has the id itself, the second is `id#2`. */
export const numberedId = (callId: string, number: number): string =>
  number === 1 ? callId : `${callId}${MARK}${number}`;

/** The id and number that a numbered id was made of; undefined for an id that has no number from 2 on. */
export function numberOf(callId: string): { callId: string; number: number } | undefined {
  const [, id, digits] = /^(.+)#([1-9]\d{0,8})$/s.exec(callId) ?? [];
  const number = Number(digits);
  return id === undefined || number < 2 ? undefined : { callId: id, number };
}

/**
 * The calls that came under one id, in order of time: some programs give a caller's calls of days one id. After so long
 * without a span another call begins. It depends on the spans alone: a late span may join two calls, or bring another
 * before them, and then they are numbered again.
 *
 * @param gapUs - how long no span may have been open
 */
export function splitCalls(facts: readonly Fact[], gapUs: Micros): Fact[][] {
  const ordered = facts.toSorted((a, b) => a.startUs - b.startUs);
  const calls: Fact[][] = [];
  /** Undefined: of the first call nothing has come but who judges it. */
  let untilUs: Micros | undefined;
  for (const fact of ordered) {
    const call = calls.at(-1);
    const isAside = isJudgment(fact);
    const isNext = !isAside && untilUs !== undefined && fact.startUs > untilUs + gapUs;
    if (call === undefined || isNext) calls.push([fact]);
    else call.push(fact);
    if (!isAside) untilUs = Math.max(untilUs ?? fact.endUs, fact.endUs);
  }
  return calls.map((call, index) =>
    index === 0 ? call : call.map((fact) => ({ ...fact, callId: numberedId(fact.callId, index + 1) })),
  );
}

/**
 * The facts of one call, by its own id or a numbered one. Empty when the journal has none of it.
 *
 * @param journalOf - reads the facts of all calls that came under an id
 */
export async function factsOfCall(
  callId: string,
  gapUs: Micros,
  journalOf: (callId: string) => Promise<readonly Fact[]>,
): Promise<Fact[]> {
  const [first] = splitCalls(await journalOf(callId), gapUs);
  const numbered = first === undefined ? numberOf(callId) : undefined;
  if (numbered === undefined) return first ?? [];
  return splitCalls(await journalOf(numbered.callId), gapUs)[numbered.number - 1] ?? [];
}
