import type { StageFact } from '../../model/facts.ts';
import { CARRIERS } from '../../model/vocabulary.ts';
import type { GroupedCall, GroupedTurn } from './grouped.ts';

/** Models that hear and speak, by what their providers call them. */
const REALTIME_MODEL = /realtime|native-audio|-live\b|live-|sonic-v\d|nova-\d?-?sonic/i;

/**
 * Stages that must have taken place and of which there is no trace, for `unpriced`: something did them that nothing
 * watches (a bare `fetch`, an SDK outside its version range). Without their names the cost would look complete.
 *
 * - `tts:unknown`: agent audio was observed where a model had written the words, and no synthesis; or none in the whole call.
 * - `llm:unknown`: the user was answered, and no request was seen in the whole call. (In a call that has some, an answer
 *   without one is the application's own words, and so is the message that is left on a machine.)
 * - `stt:unknown`: a carrier's audio came in, and no transcription was seen.
 *
 * A model that hears and speaks itself needs neither of the two others.
 */
export function unseenStages(call: GroupedCall): string[] {
  const { stages, turns, fact } = call;
  const has = (kind: StageFact['stage']): boolean => stages.some(({ stage }) => stage === kind);
  if (stages.some(hearsAndSpeaks)) return [];
  // A hosted platform tells what it used as far as it likes.
  if (fact?.platform !== undefined)
    return turns.length === 0 ? [] : MODELS.flatMap((kind) => (has(kind) ? [] : [`${kind}:unknown`]));
  const observed = turns.filter(isObserved);
  const speechOfCall = stages.some(({ stage, turnIndex }) => stage === 'tts' && turnIndex === undefined);
  const unsynthesised = observed.filter((turn) => !inTurn(turn, 'tts'));
  const written = unsynthesised.some((turn) => inTurn(turn, 'llm') && !speechOfCall);
  const answered = turns.some((turn) => turn.initiator === 'user' && wasAnswered(turn));
  const carried =
    CARRIERS.some((carrier) => carrier === fact?.transport) &&
    fact?.direction !== 'web' &&
    (observed.length > 0 || has('llm'));
  return [
    ...(written || (observed.length > 0 && !has('tts')) ? ['tts:unknown'] : []),
    ...(answered && !has('llm') && fact?.outcome !== 'VOICEMAIL' ? ['llm:unknown'] : []),
    ...(carried && !has('stt') ? ['stt:unknown'] : []),
  ];
}

/** What every answer of an agent takes. */
const MODELS = ['llm', 'stt', 'tts'] as const;

const hearsAndSpeaks = ({ stage, realtime, usage, model }: StageFact): boolean =>
  stage === 'llm' &&
  (realtime === true ||
    (usage?.outputAudioTokens ?? 0) > 0 ||
    (usage?.inputAudioTokens ?? 0) > 0 ||
    REALTIME_MODEL.test(model ?? ''));

const inTurn = ({ stages }: GroupedTurn, kind: StageFact['stage']): boolean =>
  stages.some(({ stage }) => stage === kind);

const isObserved = ({ stages }: GroupedTurn): boolean =>
  stages.some(({ stage, playbackSource }) => stage === 'playback' && playbackSource === 'observed');

/** A program that reports its own figures says what was used. */
const wasAnswered = (turn: GroupedTurn): boolean =>
  turn.fact?.reportedLatencies === undefined && (inTurn(turn, 'tts') || isObserved(turn));
