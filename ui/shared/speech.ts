import type { SpeechTotals } from './api.ts';
import { shareOf } from './format.ts';

/** Shares of speech and of silence in calls, from 0 to 1; undefined: not known of any, or nothing was said. */

const spoken = ({ user_speech_seconds: user, agent_speech_seconds: agent }: SpeechTotals) => user + agent;

/** The agent's part of what is said. */
export const talkRatio = (speech: SpeechTotals): number | undefined =>
  shareOf(speech.agent_speech_seconds, spoken(speech));

/** The time in which both speak, of what is said. */
export const overlapShare = (speech: SpeechTotals): number | undefined =>
  speech.silence_calls === 0 ? undefined : shareOf(speech.overlap_seconds, spoken(speech));

/** The time in which no one speaks for longer than 3 s, of the calls. */
export const deadAirShare = (speech: SpeechTotals): number | undefined =>
  shareOf(speech.dead_air_seconds, speech.silence_call_seconds);
