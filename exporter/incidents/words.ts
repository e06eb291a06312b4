import type { Micros } from '../../model/facts.ts';
import type { Incident, WatchedOwner } from '../../model/incidents.ts';
import { ownerName } from '../../model/owners.ts';
import { safeText } from '../../model/safe-text.ts';

/** An owner in words, with the agent and the region as far as they say something. Names come from spans: they are safe to show. */
export function ownerWords({ kind, name, part, agent, region }: WatchedOwner): string {
  const own = part === 'stt' ? name : ownerName({ kind, name });
  const words = [
    own,
    ...(agent === undefined ? [] : [`of ${agent}`]),
    ...(region === undefined ? [] : [`in ${region}`]),
  ];
  return safeText(words.join(' '));
}

/** What of an incident its words are about. */
export type Described = Pick<
  Incident,
  'owner' | 'since' | 'before' | 'after' | 'budget' | 'closedAt' | 'until'
>;

/**
 * What an incident comes to, in one line: `tts cartesia sonic-2 +140 ms at p95 since 14:02 (180 → 320 ms), 6 % of turns over the
 * budget of 1.2 s (1 % before)`.
 *
 * @param time - an instant as people write it, such as `14:02`
 */
export function incidentWords(
  { owner, since, before, after, budget, closedAt, until: recoveredAt }: Described,
  time: (at: Micros) => string,
): string {
  const until =
    closedAt === undefined
      ? `since ${time(since)}`
      : `from ${time(since)} to ${time(recoveredAt ?? closedAt)}`;
  return `${ownerWords(owner)} ${signed(after.p95 - before.p95)} at p95 ${until} (${ms(before.p95)} → ${ms(after.p95)} ms), ${share(
    after,
  )} of turns over the budget of ${budget} s (${share(before)} before)`;
}

const ms = (seconds: number): number => Math.round(seconds * 1_000);
const signed = (seconds: number): string => `${seconds < 0 ? '−' : '+'}${Math.abs(ms(seconds))} ms`;

/** Of the turns whose silence is known. */
function share({ overBudget, silences }: Incident['after']): string {
  if (silences === 0) return 'unknown';
  const percent = (100 * overBudget) / silences;
  return `${percent > 0 && percent < 1 ? percent.toFixed(1) : Math.round(percent)} %`;
}
