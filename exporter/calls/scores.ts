import type { Fact } from '../../model/facts.ts';
import type { CallScoreRow } from '../../model/rows.ts';
import { MAX_SCORES, type TimedScore } from '../../model/scores.ts';
import type { GroupedCall } from './grouped.ts';

/** The rows of a call's scores, by name: of each name the last that was told. */
export function scoreRows(
  facts: readonly Fact[],
  { tenant, callId }: Pick<GroupedCall, 'tenant' | 'callId'>,
): CallScoreRow[] {
  return lastScores(facts).map(({ name, value = null, label = null, atUs }) => ({
    tenant,
    call_id: callId,
    name,
    value,
    label,
    source: 'span',
    scored_at: atUs,
  }));
}

function lastScores(facts: readonly Fact[]): TimedScore[] {
  const last = new Map<string, TimedScore>();
  for (const score of facts.flatMap(({ scores = [] }) => scores)) {
    const before = last.get(score.name);
    if (before === undefined || isLater(score, before)) last.set(score.name, score);
  }
  return [...last.values()].sort((a, b) => (a.name < b.name ? -1 : 1)).slice(0, MAX_SCORES);
}

/** Whatever the order in which facts come. */
const isLater = (one: TimedScore, other: TimedScore): boolean =>
  one.atUs !== other.atUs ? one.atUs > other.atUs : JSON.stringify(one) > JSON.stringify(other);
