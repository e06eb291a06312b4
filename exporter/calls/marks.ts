import type { EouSource, Micros, StageFact } from '../facts.ts';
import type { Turn } from './group.ts';
import { answersOf, type Spoken, spokenStages, stagesOf } from './spoken.ts';

/** The marks of a turn, in the order of a plain turn. One that did not happen, or is not known, is absent. */
export interface Marks {
  speechStartedUs?: Micros;
  speechEndedUs?: Micros;
  committedUs?: Micros;
  llmStartedUs?: Micros;
  llmFirstByteUs?: Micros;
  ttsStartedUs?: Micros;
  ttsFirstByteUs?: Micros;
  playbackStartedUs?: Micros;
  playbackEndedUs?: Micros;
}

/** A turn with all that its latencies follow from. */
export interface MarkedTurn {
  turn: Turn;
  marks: Marks;
  spoken: Spoken;
  /** The transcription of the utterance that was answered. */
  stt?: StageFact;
  /** End of utterance. Absent when nothing was said (the agent opened) or the turn span was lost. */
  eouUs?: Micros;
  eouSource?: EouSource;
  playbackSource?: 'observed' | 'estimated';
}

/** Works out a turn's marks (design: marks, segments, latencies). */
export function markTurn(turn: Turn): MarkedTurn {
  const end = endOfUtterance(turn);
  const playback = playbackOf(turn, end.eouUs);
  const spoken = spokenStages(turn.stages, playback.startedUs);
  const stt = answeredStt(turn.stages, playback.startedUs);
  const { fact } = turn;
  const committedUs = fact?.committedUs;
  const committed = committedUs !== undefined && end.eouUs !== undefined && committedUs >= end.eouUs;
  const marks: Marks = {
    ...(fact?.speechStartedUs !== undefined && { speechStartedUs: fact.speechStartedUs }),
    ...(fact?.speechEndedUs !== undefined && { speechEndedUs: fact.speechEndedUs }),
    ...(committed && { committedUs }),
    ...(spoken.llm !== undefined && {
      llmStartedUs: spoken.llm.startUs,
      llmFirstByteUs: spoken.llm.firstByteUs,
    }),
    ...(spoken.tts !== undefined && {
      ttsStartedUs: spoken.tts.startUs,
      ttsFirstByteUs: spoken.tts.firstByteUs,
    }),
    ...(playback.startedUs !== undefined && { playbackStartedUs: playback.startedUs }),
    ...(playback.endedUs !== undefined && { playbackEndedUs: playback.endedUs }),
  };
  return {
    turn,
    marks,
    spoken,
    ...(stt !== undefined && { stt }),
    ...end,
    ...(playback.source !== undefined && { playbackSource: playback.source }),
  };
}

/**
 * The speech end that the turn reports, else the turn's start. An agent that opens answers no utterance: it has none.
 * Neither has a turn whose span was lost: its start is not known.
 */
function endOfUtterance({ fact }: Turn): { eouUs?: Micros; eouSource?: EouSource } {
  if (fact === undefined) return {};
  if (fact.speechEndedUs !== undefined) {
    return {
      eouUs: fact.speechEndedUs,
      ...(fact.eouSource !== undefined && { eouSource: fact.eouSource }),
    };
  }
  return fact.initiator === 'agent' ? {} : { eouUs: fact.startUs, eouSource: 'turn_start' };
}

interface Playback {
  startedUs?: Micros;
  endedUs?: Micros;
  source?: 'observed' | 'estimated';
}

/**
 * The earliest playback. Unseen: where the framework's own EOU latency puts it; else the first audio of a synthesis,
 * one that was not cancelled if there is any.
 */
function playbackOf({ fact, stages }: Turn, eouUs: Micros | undefined): Playback {
  const playbacks = stagesOf(stages, 'playback');
  const [first] = playbacks;
  if (first !== undefined) {
    return {
      startedUs: first.startUs,
      endedUs: Math.max(...playbacks.map(({ endUs }) => endUs)),
      source: first.playbackSource ?? 'observed',
    };
  }
  const reported = fact?.reportedEouLatencySeconds;
  if (reported !== undefined && eouUs !== undefined) {
    return { startedUs: eouUs + Math.round(reported * 1e6), source: 'estimated' };
  }
  const syntheses = answersOf(stages, 'tts');
  const kept = syntheses.filter(({ cancelled }) => cancelled !== true);
  const firstBytes = (kept.length > 0 ? kept : syntheses).map(({ firstByteUs }) => firstByteUs);
  return firstBytes.length === 0 ? {} : { startedUs: Math.min(...firstBytes), source: 'estimated' };
}

/** The last transcription that began before the agent was heard, cancelled ones last. */
function answeredStt(
  stages: readonly StageFact[],
  playbackStartedUs: Micros = Number.POSITIVE_INFINITY,
): StageFact | undefined {
  const before = stagesOf(stages, 'stt').filter(({ startUs }) => startUs <= playbackStartedUs);
  return before.findLast(({ cancelled }) => cancelled !== true) ?? before.at(-1);
}
