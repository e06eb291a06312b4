import type { Micros, StageFact } from '../../model/facts.ts';
import type { EouSource } from '../../model/vocabulary.ts';
import { isSkewed, spokenAcrossClocks } from './clock-skew.ts';
import type { GroupedTurn } from './grouped.ts';
import { answersOf, type Spoken, spokenStages, stagesOf } from './spoken.ts';
import { waitedSince } from './unanswered.ts';

/** The marks of a turn, in the order of a plain turn. One that did not happen, or is not known, is absent. */
export interface Marks {
  speechStartedUs?: Micros | undefined;
  speechEndedUs?: Micros | undefined;
  committedUs?: Micros | undefined;
  llmStartedUs?: Micros | undefined;
  llmFirstByteUs?: Micros | undefined;
  ttsStartedUs?: Micros | undefined;
  ttsFirstByteUs?: Micros | undefined;
  playbackStartedUs?: Micros | undefined;
  playbackEndedUs?: Micros | undefined;
}

/** A turn with all that its latencies follow from. */
export interface MarkedTurn {
  turn: GroupedTurn;
  marks: Marks;
  spoken: Spoken;
  /** The transcription of the utterance that was answered. */
  stt?: StageFact | undefined;
  /** End of utterance. Absent when nothing was said (the agent opened) or the turn span was lost. */
  eouUs?: Micros | undefined;
  eouSource?: EouSource | undefined;
  /** The end of utterance where the instant is known, and not only how long ago it was when the agent was heard. */
  silentFromUs?: Micros | undefined;
  playbackSource?: 'observed' | 'estimated' | undefined;
  /** The times of its stages come from clocks that disagree: only those of one stage can be compared. */
  skewed?: boolean;
}

/** Works out a turn's marks (design: marks, segments, latencies). What was never heard was not waited for. */
export function markTurn(turn: GroupedTurn): MarkedTurn {
  const { fact, stages } = turn;
  const stt = answeredStt(stages, firstPlaybackOf(stages));
  const skewed = isSkewed(turn);
  const { eouUs, eouSource, playback } = silenceOf(turn, stt, skewed);
  const spoken =
    turn.heard === false
      ? {}
      : skewed
        ? spokenAcrossClocks(stages)
        : spokenStages(
            turn.joined ? beforePlayback(stages, playback.startedUs) : stages,
            playback.startedUs,
            turn.fact?.spokenRequest,
          );
  const isPlaced = eouUs !== undefined && playback.isPlaced !== false && !skewed;
  return {
    turn,
    spoken,
    eouUs,
    eouSource,
    ...(skewed && { skewed }),
    stt: answeredStt(stages, playback.startedUs),
    ...(isPlaced && { silentFromUs: eouUs }),
    playbackSource: playback.source,
    marks: {
      speechStartedUs: fact?.speechStartedUs,
      speechEndedUs: fact?.speechEndedUs,
      committedUs: committedAfter(eouUs, committedOf(turn)),
      // Marks by another clock are none: their time is in the segment after them.
      ...(!skewed && {
        llmStartedUs: spoken.llm?.startUs,
        llmFirstByteUs: spoken.llm?.firstByteUs,
        ttsStartedUs: spoken.tts?.startUs,
        ttsFirstByteUs: spoken.tts?.firstByteUs,
      }),
      playbackStartedUs: playback.startedUs,
      playbackEndedUs: playback.endedUs,
    },
  };
}

const firstPlaybackOf = (stages: readonly StageFact[]): Micros | undefined =>
  stages.find(({ stage }) => stage === 'playback')?.startUs;

/** A commit before the end of utterance did not end it. */
const committedAfter = (eouUs: Micros | undefined, committedUs: Micros | undefined): Micros | undefined =>
  eouUs !== undefined && committedUs !== undefined && committedUs >= eouUs ? committedUs : undefined;

/**
 * When the user fell silent and when the agent was heard. Where the framework says only how long that took, the one is
 * counted from the other: back from the playback, which spans show better than the end of speech.
 */
function silenceOf(
  turn: GroupedTurn,
  stt: StageFact | undefined,
  skewed: boolean,
): Pick<MarkedTurn, 'eouUs' | 'eouSource'> & { playback: Playback } {
  const { fact } = turn;
  const reported = fact?.reportedEouLatencySeconds;
  if (fact?.eouSource === 'framework' && fact.speechEndedUs === undefined && reported !== undefined) {
    const playback = playbackOf(turn, undefined);
    if (playback.startedUs !== undefined) {
      return { eouUs: playback.startedUs - Math.round(reported * 1e6), eouSource: 'framework', playback };
    }
    const startedUs = fact.startUs + Math.round(reported * 1e6);
    return {
      eouUs: fact.startUs,
      eouSource: 'framework',
      playback: { startedUs, source: 'estimated', isPlaced: false },
    };
  }
  const { eouUs, eouSource } = endOfUtterance(turn, stt);
  // Where another host synthesised, its first audio is no instant of this one's clock.
  const isComparable = !skewed || firstPlaybackOf(turn.stages) !== undefined;
  return { eouUs, eouSource, playback: isComparable ? playbackOf(turn, eouUs) : {} };
}

/**
 * The speech end that the turn reports, else that of its transcription, else the turn's start. An agent that opens
 * answers no utterance: it has none. Neither has a turn whose span was lost, whose start is not known, nor one that starts
 * with the user's speech, or before it; nor one in a call that does not show the user, which starts with what the agent did.
 */
function endOfUtterance(
  turn: GroupedTurn,
  stt: StageFact | undefined,
): Pick<MarkedTurn, 'eouUs' | 'eouSource'> {
  const { fact, joined } = turn;
  if (fact === undefined) return {};
  const { speechEndedUs, eouSource } = fact;
  const waited = waitedSince(fact, firstPlaybackOf(turn.stages));
  if (waited !== undefined) return { eouUs: waited.endedUs, eouSource };
  if (speechEndedUs !== undefined) return { eouUs: speechEndedUs, eouSource };
  const initiator = turn.initiator ?? fact.initiator;
  if (initiator === 'agent') return {};
  if (stt?.speechEndedUs !== undefined && stt.speechEndedUs >= fact.startUs)
    return { eouUs: stt.speechEndedUs, eouSource: 'framework' };
  return initiator === undefined || joined === true || fact.startsBeforeSpeech === true
    ? {}
    : { eouUs: fact.startUs, eouSource: 'turn_start' };
}

/** When the turn was accepted as finished: the utterance that the caller waited from. */
const committedOf = ({ fact, stages }: GroupedTurn): Micros | undefined =>
  fact && (waitedSince(fact, firstPlaybackOf(stages))?.committedUs ?? fact.committedUs);

interface Playback {
  startedUs?: Micros | undefined;
  endedUs?: Micros | undefined;
  source?: 'observed' | 'estimated';
  /** False: only how long the silence was is known, and not when. */
  isPlaced?: boolean;
}

/**
 * The earliest playback. Unseen: where the framework's own EOU latency puts it; else the first audio of a synthesis,
 * one that was not cancelled if there is any.
 */
function playbackOf({ fact, stages, heard }: GroupedTurn, eouUs: Micros | undefined): Playback {
  if (heard === false) return {};
  const playbacks = stagesOf(stages, 'playback');
  const [first] = playbacks;
  if (first !== undefined) {
    return {
      startedUs: first.startUs,
      endedUs: playbacks.reduce((last, { endUs }) => Math.max(last, endUs), first.endUs),
      source: first.playbackSource ?? 'observed',
    };
  }
  const reported = fact?.reportedEouLatencySeconds;
  if (reported !== undefined && eouUs !== undefined) {
    return { startedUs: eouUs + Math.round(reported * 1e6), source: 'estimated' };
  }
  const syntheses = answersOf(stages, 'tts');
  const kept = syntheses.filter(({ cancelled }) => cancelled !== true);
  const [tts, ...others] = kept.length > 0 ? kept : syntheses;
  if (tts === undefined) return {};
  const startedUs = others.reduce((first, { firstByteUs }) => Math.min(first, firstByteUs), tts.firstByteUs);
  return { startedUs, source: 'estimated' };
}

/** How far the figures of one framework may be apart: some are rounded, some are taken a little late. */
const TOLERANCE_US = 50_000;

/**
 * What was heard had been synthesised: where the figures put the first byte of a synthesis a little after the playback,
 * they are off by that much.
 */
function beforePlayback(stages: readonly StageFact[], startedUs: Micros | undefined): readonly StageFact[] {
  if (startedUs === undefined) return stages;
  return stages.map((stage) => {
    const lateUs = (stage.firstByteUs ?? startedUs) - startedUs;
    if (stage.stage !== 'tts' || lateUs <= 0 || lateUs > TOLERANCE_US) return stage;
    return { ...stage, startUs: stage.startUs - lateUs, firstByteUs: startedUs, endUs: stage.endUs - lateUs };
  });
}

/** The last transcription that began before the agent was heard, cancelled ones last. */
function answeredStt(
  stages: readonly StageFact[],
  playbackStartedUs: Micros = Number.POSITIVE_INFINITY,
): StageFact | undefined {
  const before = stagesOf(stages, 'stt').filter(({ startUs }) => startUs <= playbackStartedUs);
  return before.findLast(({ cancelled }) => cancelled !== true) ?? before.at(-1);
}
