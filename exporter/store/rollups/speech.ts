/** Who spoke how long in calls of which it is known, and how long no one did. */
export interface SpeechTotals {
  /** Calls in which it is known how long each spoke. */
  talk_calls: number;
  user_speech_seconds: number;
  agent_speech_seconds: number;
  /** Calls in which it is known when no one spoke, and how long they were. */
  silence_calls: number;
  silence_call_seconds: number;
  overlap_seconds: number;
  /** Silences longer than 3 s, and calls with one. */
  dead_air_seconds: number;
  dead_air_calls: number;
  /** The longest time in which no one spoke; null: not known of any call. */
  longest_silence: number | null;
}

/** SQL: what rollups of calls, or rows that have the same measures, come to. */
export function speechOf(measures: string): string {
  const seconds = (name: string) => `(sum(${measures}.${name}_us) / 1000000.0)::double precision`;
  return `\
jsonb_build_object(
  'talk_calls', coalesce(sum(${measures}.talk_calls), 0),
  'user_speech_seconds', coalesce(${seconds('user_speech')}, 0),
  'agent_speech_seconds', coalesce(${seconds('agent_speech')}, 0),
  'silence_calls', coalesce(sum(${measures}.silence_calls), 0),
  'silence_call_seconds', coalesce(${seconds('silence_call')}, 0),
  'overlap_seconds', coalesce(${seconds('overlap')}, 0),
  'dead_air_seconds', coalesce(${seconds('dead_air')}, 0),
  'dead_air_calls', coalesce(sum(${measures}.dead_air_calls), 0),
  'longest_silence', max(${measures}.longest_silence_max)
)`;
}
