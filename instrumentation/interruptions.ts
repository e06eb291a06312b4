import type { Interruption, Micros } from '../exporter/facts.ts';

/** One thing that the user or the agent did, for judging interruptions afterwards. */
export interface SpeechEvent {
  what:
    | 'user_started'
    | 'user_ended'
    | 'user_committed'
    | 'agent_started'
    | 'agent_ended'
    | 'agent_stopped'
    | 'agent_resumed';
  atUs: Micros;
}

export function judgeInterruptions(speech: readonly SpeechEvent[]): Interruption[] {
  void speech;
  return [];
}
