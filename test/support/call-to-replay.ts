import type { Fact, StageFact } from '../../model/facts.ts';
import { callFact, REFERENCE_US, turnFact } from './call-rows.ts';

const at = (ms: number): number => REFERENCE_US + ms * 1_000;

/** Times of a stage in milliseconds of the call. */
interface Times {
  readonly from: number;
  readonly first?: number;
  readonly to: number;
}

let spans = 0;

function stage(
  callId: string,
  turnIndex: number,
  kind: StageFact['stage'],
  { from, first, to }: Times,
  more: Partial<StageFact> = {},
): StageFact {
  return {
    ...{ type: 'stage', stage: kind, name: kind, callId, turnIndex, traceId: `trace-${callId}-${turnIndex}` },
    spanId: `c${(++spans).toString(16).padStart(15, '0')}`,
    ...{ startUs: at(from), endUs: at(to) },
    ...(first !== undefined && { firstByteUs: at(first) }),
    ...more,
  };
}

/** The silences of `callToReplay`, in seconds: the model is slow in the first turn. */
export const SLOW_TURNS = [1.75, 0.85] as const;

/**
 * The facts of a call of six seconds that the agent of the demo can make: it was the agent's to call, and it opens nothing. The user
 * says two short things; the first is answered in two sentences, over which the second is said.
 */
export function callToReplay(callId = 'CA-slow'): Fact[] {
  const stt = { provider: 'deepgram', model: 'nova-3', streaming: true, pauses: [] };
  const llm = { provider: 'groq', model: 'llama-3.1-8b-instant' };
  const tts = { provider: 'cartesia', model: 'sonic-3.5' };
  const user = { initiator: 'user', eouSource: 'stt_word_end' } as const;
  return [
    callFact(callId, {
      ...{ startUs: at(0), endUs: at(6_600), direction: 'outbound', transport: 'twilio', channel: 'phone' },
    }),
    turnFact(callId, 0, {
      ...{ ...user, startUs: at(300), endUs: at(4_100), interrupted: true, cutOffBy: 'user' },
      ...{ speechStartedUs: at(300), speechEndedUs: at(1_000), committedUs: at(1_400) },
      ...{ userText: 'Is there a table', agentText: 'Yes of course. We have one by the window.' },
    }),
    stage(callId, 0, 'stt', { from: 300, first: 700, to: 1_400 }, stt),
    stage(
      callId,
      0,
      'llm',
      { from: 1_400, first: 2_400, to: 2_600 },
      {
        ...llm,
        usage: { inputTokens: 300, outputTokens: 12 },
      },
    ),
    stage(
      callId,
      0,
      'tts',
      { from: 2_500, first: 2_750, to: 2_850 },
      {
        ...tts,
        usage: { characters: 14, audioSeconds: 0.8 },
      },
    ),
    stage(
      callId,
      0,
      'tts',
      { from: 2_850, first: 3_000, to: 3_300 },
      {
        ...tts,
        usage: { characters: 26, audioSeconds: 1.7 },
      },
    ),
    stage(callId, 0, 'playback', { from: 2_750, to: 4_100 }, { playbackSource: 'observed', cancelled: true }),
    turnFact(callId, 1, {
      ...{ ...user, startUs: at(3_550), endUs: at(5_900), interrupted: false },
      ...{ speechStartedUs: at(3_550), speechEndedUs: at(4_350), committedUs: at(4_750) },
      ...{ userText: 'Good bye', agentText: 'Good bye.' },
    }),
    stage(callId, 1, 'stt', { from: 3_550, first: 3_900, to: 4_750 }, stt),
    stage(
      callId,
      1,
      'llm',
      { from: 4_750, first: 4_950, to: 5_000 },
      {
        ...llm,
        usage: { inputTokens: 320, outputTokens: 3 },
      },
    ),
    stage(
      callId,
      1,
      'tts',
      { from: 5_000, first: 5_200, to: 5_300 },
      {
        ...tts,
        usage: { characters: 9, audioSeconds: 0.7 },
      },
    ),
    stage(callId, 1, 'playback', { from: 5_200, to: 5_900 }, { playbackSource: 'observed' }),
  ];
}
