import type { Interruption, Micros } from '../exporter/facts.ts';
import { InterruptionTracker } from '../exporter/quality/interruption-tracker.ts';

/** One thing that the user or the agent did, for judging interruptions when the turn is over. */
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

/**
 * Who interrupted whom in one turn. Judged afterwards and in the order of the instants, because a recogniser reports
 * the end of speech long after it, when the agent may be speaking already.
 */
export function judgeInterruptions(speech: readonly SpeechEvent[]): Interruption[] {
  const tracker = new InterruptionTracker();
  const ordered = [...speech].sort((a, b) => a.atUs - b.atUs);
  const found = ordered.map(({ what, atUs }) => {
    switch (what) {
      case 'user_started':
        return tracker.userSpeechStarted(atUs);
      case 'user_ended':
        return tracker.userSpeechEnded(atUs);
      case 'user_committed':
        return tracker.userCommitted(atUs);
      case 'agent_started':
        return tracker.agentSpeechStarted(atUs);
      case 'agent_ended':
        return tracker.agentSpeechEnded(atUs);
      case 'agent_resumed':
        return tracker.agentResumed(atUs);
      case 'agent_stopped':
        return tracker.agentStopped(atUs);
      default:
        return what satisfies never;
    }
  });
  return [...found, tracker.settle()].filter((interruption) => interruption !== undefined);
}
