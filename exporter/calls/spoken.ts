import type { Micros, StageFact } from '../../model/facts.ts';
import { firstReaching } from './ascending.ts';
import { fitting } from './fit.ts';

/** A stage that gave something. */
export type AnsweringStage = StageFact & { firstByteUs: Micros };

/** What the caller heard in a turn. */
export interface Spoken {
  /** The LLM request whose answer was spoken. */
  llm?: AnsweringStage;
  /** The synthesis that the caller heard first. */
  tts?: AnsweringStage;
}

const answered = (stage: StageFact): stage is AnsweringStage => stage.firstByteUs !== undefined;

/** Stages of one kind, in order of start. */
export const stagesOf = (stages: readonly StageFact[], kind: StageFact['stage']): StageFact[] =>
  stages.filter(({ stage }) => stage === kind);

/** Stages of one kind that gave a first byte, in order of start. */
export const answersOf = (stages: readonly StageFact[], kind: StageFact['stage']): AnsweringStage[] =>
  stagesOf(stages, kind).filter(answered);

/**
 * Finds the LLM request and the synthesis behind the first audio of a turn. A turn may have several of each: tool
 * calls, answers begun too early and thrown away, fillers said while the model thinks.
 *
 * 1. The latest LLM request whose first byte came before the playback and was followed by a synthesis that started after
 *    it and gave audio by the playback. It was spoken, by the earliest such synthesis. Requests beside the answer (a
 *    classifier, a guard) do not count: those whose tokens fit what was said worse than another's.
 * 2. Without synthesis: the latest LLM request with a first byte, cancelled ones last.
 * 3. Otherwise the words were the application's own (`say`): the earliest synthesis, and no LLM.
 *
 * Where the program has compared what was said, that decides: only the request that it names (`none`: no request) can be
 * the one that was spoken.
 *
 * `stages` are in order of start; `playbackStartedUs` is undefined when no agent audio was seen.
 */
export function spokenStages(
  stages: readonly StageFact[],
  playbackStartedUs: Micros | undefined,
  spokenRequest?: string,
): Spoken {
  const heard = (stage: AnsweringStage): boolean =>
    playbackStartedUs === undefined || stage.firstByteUs <= playbackStartedUs;
  const requests = answersOf(stages, 'llm').filter(heard);
  const named = requests.filter(({ spanId }) => spanId === spokenRequest);
  const llms = spokenRequest === 'none' || named.length > 0 ? named : requests;
  const syntheses = answersOf(stages, 'tts');
  if (syntheses.length === 0) {
    const kept = llms.filter(({ cancelled }) => cancelled !== true);
    const llm = fitting(kept.length > 0 ? kept : llms, stages, (request) => request).at(-1);
    return llm === undefined ? {} : { llm };
  }

  const synthesisOf = synthesisFinder(syntheses, heard);
  const candidates = llms.flatMap((llm) => {
    const tts = synthesisOf(llm);
    return tts === undefined ? [] : [{ llm, tts }];
  });
  const spoken = fitting(candidates, stages, ({ llm }) => llm).at(-1);
  if (spoken !== undefined) return spoken;
  const [tts] = syntheses.filter(heard).sort((a, b) => a.firstByteUs - b.firstByteUs);
  return tts === undefined ? {} : { tts };
}

/**
 * Finds the synthesis that spoke an answer: the first heard one that started when the answer had begun. Where none
 * started then, the synthesis was opened ahead, before there was text (a WebSocket context): then the first heard one
 * that gave audio after the answer began.
 */
function synthesisFinder(
  syntheses: readonly AnsweringStage[],
  heard: (stage: AnsweringStage) => boolean,
): (llm: AnsweringStage) => AnsweringStage | undefined {
  const audible = syntheses.filter(heard);
  const startedFrom = firstReaching(audible, ({ startUs }) => startUs);
  const gaveAudioFrom = firstReaching(audible, ({ firstByteUs }) => firstByteUs);
  const lastStartUs = syntheses.reduce(
    (last, { startUs }) => Math.max(last, startUs),
    Number.NEGATIVE_INFINITY,
  );
  return ({ firstByteUs }) =>
    firstByteUs <= lastStartUs ? startedFrom(firstByteUs) : gaveAudioFrom(firstByteUs);
}
