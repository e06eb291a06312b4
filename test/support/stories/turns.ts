import { Call } from '../../../instrumentation/call/call.ts';
import type { Fact, StageFact, TurnFact } from '../../../model/facts.ts';

/** Milliseconds since 1970 of a second in the story that a test tells. It lies in the past, so no timer waits for it. */
const t0 = Date.now() - 600_000;
export const s = (seconds: number): number => t0 + seconds * 1_000;
export const us = (seconds: number): number => Math.round(s(seconds) * 1_000);

export const stt = { provider: 'deepgram', model: 'nova-3' };
export const llm = { provider: 'groq', model: 'llama-3.1-8b-instant' };
export const tts = { provider: 'cartesia', model: 'sonic-3.5' };

export function phoneCall(): Call {
  const call = new Call({ transport: 'twilio', at: s(0) });
  call.tracker.observePlayback();
  return call;
}

/** The user says something from `from` to `to`; the recogniser says so 0.3 s later. */
export function userSays(call: Call, text: string, from: number, to: number): void {
  const { tracker } = call;
  tracker.speechStarted(s(from));
  tracker.wordsHeard(s(from));
  tracker.speechEnded(s(to), 'stt_word_end');
  tracker.utterance({
    startAt: s(from),
    firstByteAt: s(from + 0.4),
    endAt: s(to + 0.2),
    facts: stt,
    result: { text, usage: { audioSeconds: to - from } },
  });
  tracker.committed(s(to + 0.3));
}

/** The agent answers: a model request at `from`, its first token 0.2 s later, synthesis, audio 0.5 s after `from`. */
export function agentAnswers(call: Call, from: number): void {
  const { tracker } = call;
  const request = tracker.startStage('llm', llm, s(from));
  request.firstByte(s(from + 0.2));
  const speech = tracker.startStage('tts', tts, s(from + 0.3));
  request.end({ text: 'Certainly.', at: s(from + 0.35) });
  speech.firstByte(s(from + 0.45));
  speech.end({ at: s(from + 0.6) });
  tracker.playbackStarted(s(from + 0.5));
}

export const turns = (facts: Fact[]): TurnFact[] =>
  facts.filter((fact) => fact.type === 'turn').sort((a, b) => a.turnIndex - b.turnIndex);
export const stages = (facts: Fact[], turnIndex: number | undefined): StageFact[] =>
  facts.filter((fact) => fact.type === 'stage' && fact.turnIndex === turnIndex) as StageFact[];
