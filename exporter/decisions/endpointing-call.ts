import type { Micros } from '../../model/facts.ts';
import type { GroupedCall } from '../calls/grouped.ts';
import { languageOf } from '../quality/language.ts';
import { type TurnCase, turnCases } from './turn-cases.ts';
import { type UserSilence, userSilences } from './user-silences.ts';

/** What a call shows of how its user pauses, and of how long the agent waits. */
export interface EndpointingCall {
  readonly startUs: Micros;
  readonly serviceVersion?: string;
  readonly agent?: string;
  /** By the call's tag `language`, else by the user's words where they were recorded. */
  readonly language?: string;
  readonly silences: readonly UserSilence[];
  /** Those in which a commit and the silence are known. */
  readonly turns: readonly TurnCase[];
  readonly overAnswer: number;
}

/** The tag that says which language is spoken. */
export const LANGUAGE_TAG = 'language';

export function endpointingCall(call: GroupedCall): EndpointingCall {
  const agent = call.fact?.agentName;
  const language = languageIn(call);
  const { silences, overAnswer } = userSilences(call);
  const isKnown = silences.some(({ commit }) => commit !== undefined);
  return {
    startUs: call.startUs,
    ...(call.serviceVersion !== undefined && { serviceVersion: call.serviceVersion }),
    ...(agent !== undefined && { agent }),
    ...(language !== undefined && { language }),
    silences,
    overAnswer,
    turns: isKnown ? turnCases(call, {}).filter(({ schedule }) => schedule.committed !== undefined) : [],
  };
}

function languageIn({ tags, turns }: GroupedCall): string | undefined {
  const tag = tags?.[LANGUAGE_TAG]?.toLowerCase().split(/[-_]/, 1)[0];
  if (tag !== undefined && tag !== '') return tag;
  const words = turns.map(({ words }) => words?.userText ?? '').join(' ');
  return words.trim() === '' ? undefined : languageOf(words);
}
