import type { Interruption, Micros } from '../../model/facts.ts';
import { InterruptionTracker, type InterruptionTrackerOptions } from './interruption-tracker.ts';

/** One thing that the user or the agent did. */
export interface SpeechEvent {
  what:
    | 'user_started'
    | 'user_ended'
    | 'user_committed'
    | 'agent_started'
    | 'agent_ended'
    | 'agent_stopped'
    | 'agent_resumed';
  /** When it happened, however late it was reported. */
  atUs: Micros;
}

/** Gives a tracker one event. Returns what it made certain. */
export function trackSpeech(
  tracker: InterruptionTracker,
  { what, atUs }: SpeechEvent,
): Interruption | undefined {
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
    case 'agent_stopped':
      return tracker.agentStopped(atUs);
    case 'agent_resumed':
      return tracker.agentResumed(atUs);
    default:
      // Names from outside the types (JSON, untyped callers) are not events.
      what satisfies never;
      return undefined;
  }
}

/**
 * The interruptions in a finished stretch of a call (a turn, a whole call). Looking back, late reports are no matter:
 * the events are judged in the order of their instants.
 */
export function judgeInterruptions(
  events: Iterable<SpeechEvent>,
  options?: InterruptionTrackerOptions,
): Interruption[] {
  const tracker = new InterruptionTracker(options);
  const ordered = [...events].filter(({ atUs }) => Number.isFinite(atUs)).sort((a, b) => a.atUs - b.atUs);
  const found = ordered.map((event) => trackSpeech(tracker, event));
  return [...found, tracker.settle()].filter((interruption) => interruption !== undefined);
}
