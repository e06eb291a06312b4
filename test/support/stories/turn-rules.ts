import { Call } from '../../../instrumentation/call/call.ts';
import { Story } from '../facts.ts';
import { takeFacts } from '../spans.ts';
import { llm, s, stt, tts } from './turns.ts';

/** A call whose playback is shown, and in which someone listens to the user, unless that is what is tried. */
export function start({ observed = true, listens = true } = {}): Call {
  const call = new Call({ at: s(0) });
  if (observed) call.tracker.observePlayback();
  if (listens) call.tracker.listens();
  return call;
}

export function user({ tracker }: Call, text: string, from: number, to: number): void {
  tracker.speechStarted(s(from));
  tracker.wordsHeard(s(from));
  tracker.speechEnded(s(to), 'vad');
  tracker.utterance({
    startAt: s(from),
    firstByteAt: s(from + 0.2),
    endAt: s(to),
    facts: stt,
    result: { text },
  });
  tracker.committed(s(to + 0.3));
}

export const prompt =
  (role: 'user' | 'tool'): (() => string) =>
  () =>
    JSON.stringify([{ role, parts: [{ type: role === 'tool' ? 'tool_call_response' : 'text' }] }]);

export function says({ tracker }: Call, text: string, from: number, seconds: number): void {
  const speech = tracker.startStage('tts', tts, s(from));
  speech.firstByte(s(from + 0.1));
  speech.end({ text, usage: { audioSeconds: seconds }, at: s(from + 0.2) });
}

/** A request, its synthesis and what is heard of it. */
export function answers(
  call: Call,
  from: number,
  { until, facts = {} }: { until?: number; facts?: object } = {},
): void {
  const request = call.tracker.startStage('llm', { ...llm, ...facts }, s(from));
  request.firstByte(s(from + 0.2));
  request.end({ text: 'Certainly.', at: s(from + 0.3) });
  says(call, 'Certainly.', from + 0.3, 2);
  call.tracker.playbackStarted(s(from + 0.5));
  if (until !== undefined) call.tracker.playbackEnded(s(until));
}

export function end(call: Call, at: number): Story {
  call.end({ reason: 'hangup', at: s(at) });
  return new Story(takeFacts());
}
