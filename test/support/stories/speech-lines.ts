import { InterruptionTracker } from '../../../exporter/quality/interruption-tracker.ts';
import { type SpeechEvent, trackSpeech } from '../../../exporter/quality/speech-events.ts';

/** `judge('agent_started 1', 'user_started 3.5')`: events with their instants in seconds. */
export const events = (...lines: string[]): SpeechEvent[] =>
  lines.map((line) => {
    const [what, seconds] = line.split(' ');
    return { what: what as SpeechEvent['what'], atUs: Number(seconds) * 1e6 };
  });
/** What a tracker reports of events in their order of arrival. */
export const follow = (list: readonly SpeechEvent[]) => {
  const tracker = new InterruptionTracker();
  const told = list.map((event) => trackSpeech(tracker, event));
  return [...told, tracker.settle()].filter((interruption) => interruption !== undefined);
};
export const judge = (...lines: string[]) => follow(events(...lines));
