import type { CallMetricsRow } from '../../model/rows.ts';
import { showSeconds } from './text.ts';

/** Speech is counted in seconds: `6.4 s`, and only what is shorter than one in milliseconds. */
const showLength = (seconds: number): string =>
  seconds < 0.9995 ? showSeconds(seconds) : `${seconds.toFixed(1)} s`;

/** Who spoke how long in a call, and how long no one did. Of what is not known nothing is said. */
export function speechParts(row: CallMetricsRow): string[] {
  const share = row.talk_ratio === null ? '' : ` (${Math.round(row.talk_ratio * 100)} % of the talk)`;
  const part = (label: string, value: number | null, more = '') =>
    value === null ? [] : [`${label} ${showLength(value)}${more}`];
  const rate = (who: string, words: number | null) =>
    words === null ? [] : [`${who} ${Math.round(words)} words a minute`];
  return [
    ...part('user', row.user_speech_seconds),
    ...part('agent', row.agent_speech_seconds, share),
    ...part('both at once', row.overlap_seconds),
    ...part('longest silence', row.longest_silence),
    ...part('dead air', row.dead_air_seconds),
    ...rate('user', row.user_words_per_minute),
    ...rate('agent', row.agent_words_per_minute),
  ];
}
