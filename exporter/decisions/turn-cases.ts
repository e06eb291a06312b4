import type { Micros, StageFact } from '../../model/facts.ts';
import type { GroupedCall } from '../calls/grouped.ts';
import { type MarkedTurn, markTurn } from '../calls/marks.ts';
import type { AnsweringStage } from '../calls/spoken.ts';
import type { Swaps } from './costs.ts';
import type { Measurement } from './measured.ts';
import { isServedBy, type ModelName } from './model-name.ts';
import { type Schedule, scheduleOf } from './schedule.ts';

/** A request to a language model: how long its prompt was, and how long its first byte took. */
export interface Request {
  readonly inputTokens?: number | undefined;
  readonly firstByte: Micros;
}

/** A turn that someone waited in, as far as another model would change it. */
export interface TurnCase {
  readonly schedule: Schedule;
  /** The spoken request that another model would answer. Absent: it would answer none. */
  readonly request?: Request;
  /** Requests that the spoken one waited for, one after the other: those that called a tool. */
  readonly earlier: readonly Request[];
  /** Another voice would say its first words. */
  readonly isSynthesised: boolean;
  /** When the final transcript was there, after the end of utterance; absent where it was not there before the commit. */
  readonly transcribed?: Micros;
}

/** The turns of a call whose silence is known. Where a model of `swaps` did the work already, nothing is to be swapped. */
export function turnCases(call: GroupedCall, swaps: Swaps): TurnCase[] {
  return call.turns.map(markTurn).flatMap((marked) => {
    const schedule = scheduleOf(marked);
    if (schedule === undefined) return [];
    const { llm, tts } = marked.spoken;
    const isWritten = llm !== undefined && llm.realtime !== true && schedule.llmFirstByte !== undefined;
    const isSwapped = isWritten && swaps.llm !== undefined && !isServedBy(llm, swaps.llm);
    const isSpoken = tts !== undefined && schedule.ttsFirstByte !== undefined;
    return {
      schedule,
      ...(isSwapped && { request: requestOf(llm) }),
      earlier: isSwapped ? earlierRequests(marked, llm).map(requestOf) : [],
      isSynthesised: isSpoken && swaps.tts !== undefined && !isServedBy(tts, swaps.tts),
      ...transcriptOf(marked),
    };
  });
}

/** When the final transcript was there, at the commit at the latest. */
function transcriptOf({ stt, eouUs, marks: { committedUs } }: MarkedTurn): { transcribed?: Micros } {
  if (stt === undefined || eouUs === undefined || committedUs === undefined) return {};
  const isFinal = stt.endUnknown !== true && stt.cancelled !== true && stt.endUs <= committedUs;
  return isFinal ? { transcribed: Math.max(0, stt.endUs - eouUs) } : {};
}

/** What a call is called among those that are looked at and measured. */
export const callName = ({ tenant, callId }: Pick<GroupedCall, 'tenant' | 'callId'>): string =>
  `${tenant}/${callId}`;

/** What a call shows of how fast a model is: each turn in which it is what was heard. */
export function measurementsOf(call: GroupedCall, stage: 'llm' | 'tts', name: ModelName): Measurement[] {
  const key = callName(call);
  return call.turns.map(markTurn).flatMap((marked): Measurement[] => {
    const { llm, tts } = marked.spoken;
    const spoken = stage === 'llm' ? llm : tts;
    if (spoken === undefined || marked.skewed === true || !isServedBy(spoken, name)) return [];
    if (stage === 'llm')
      return [{ call: key, ...requestOf(spoken), aggregation: aggregationOf(marked, spoken) }];
    const textUs = Math.max(spoken.startUs, llm?.firstByteUs ?? spoken.startUs);
    return spoken.firstByteUs < textUs ? [] : [{ call: key, firstByte: spoken.firstByteUs - textUs }];
  });
}

const requestOf = ({ startUs, firstByteUs, usage }: AnsweringStage): Request => ({
  firstByte: firstByteUs - startUs,
  ...(usage?.inputTokens !== undefined && { inputTokens: usage.inputTokens }),
});

/** Where the synthesis waited for the text, and not for the commit. */
function aggregationOf({ spoken: { tts }, marks }: MarkedTurn, llm: AnsweringStage): Micros | undefined {
  if (tts === undefined || tts.startUs < llm.firstByteUs) return undefined;
  const isAhead = marks.committedUs !== undefined && llm.firstByteUs < marks.committedUs;
  return isAhead ? undefined : tts.startUs - llm.firstByteUs;
}

/** Those between the commit and the spoken request that were over when it, or the next of them, began. */
function earlierRequests({ turn, marks, eouUs }: MarkedTurn, spoken: AnsweringStage): AnsweringStage[] {
  const fromUs = marks.committedUs ?? eouUs ?? Number.NEGATIVE_INFINITY;
  let untilUs = fromUs;
  return turn.stages.filter((stage): stage is AnsweringStage => {
    if (!isRequestOf(stage, spoken) || stage.startUs < untilUs || stage.endUs > spoken.startUs) return false;
    untilUs = stage.endUs;
    return true;
  });
}

const isRequestOf = (stage: StageFact, { provider, model }: StageFact): boolean =>
  stage.stage === 'llm' &&
  stage.firstByteUs !== undefined &&
  stage.cancelled !== true &&
  stage.provider === provider &&
  stage.model === model;
