import type { Micros, StageFact } from '../../model/facts.ts';
import type { Latency } from '../../model/vocabulary.ts';
import type { MarkedTurn } from './marks.ts';
import { eouLatencyUs } from './segments.ts';

/** Microseconds to seconds, for rows. */
export const toSeconds = (micros: Micros): number => micros / 1e6;

/** The same for what may be unknown. */
export const toSecondsOrNull = (micros: Micros | null): number | null =>
  micros === null ? null : toSeconds(micros);

/**
 * The latencies of a turn, in seconds; null is unknown. Definitions: `docs/definitions.md`.
 */
export function latenciesOf(marked: MarkedTurn): Record<Latency, number | null> {
  const { stt, spoken } = marked;
  const eou_latency = toSecondsOrNull(eouLatencyUs(marked));
  const reported = marked.turn.fact?.reportedLatencies;
  if (reported !== undefined) return { ...UNKNOWN, ...reported, eou_latency };
  return {
    ttfb_stt: ttfb(stt),
    ttfb_llm: ttfb(spoken.llm),
    ttfb_tts: ttfb(spoken.tts),
    latency_stt: sttLatency(marked),
    latency_llm: completeLength(spoken.llm),
    latency_tts: completeLength(spoken.tts),
    eou_latency,
  };
}

const UNKNOWN = {
  ttfb_stt: null,
  ttfb_llm: null,
  ttfb_tts: null,
  latency_stt: null,
  latency_llm: null,
  latency_tts: null,
};

const between = (fromUs: Micros, toUs: Micros): number | null =>
  toUs < fromUs ? null : toSeconds(toUs - fromUs);

const ttfb = (stage: StageFact | undefined): number | null =>
  stage?.firstByteUs === undefined ? null : between(stage.startUs, stage.firstByteUs);

/** Only a stage that ran to its own end tells how long it takes. */
const isComplete = (stage: StageFact): boolean =>
  stage.cancelled !== true && stage.endUnknown !== true && stage.errorType === undefined;

const completeLength = (stage: StageFact | undefined): number | null =>
  stage === undefined || !isComplete(stage) ? null : between(stage.startUs, stage.endUs);

/**
 * A transcript that was there before the utterance was known to have ended kept no one waiting: 0. A framework that
 * measured both ends of it by one clock is taken at its word.
 */
function sttLatency({ stt, silentFromUs }: MarkedTurn): number | null {
  const fromUs = stt?.speechEndedUs ?? silentFromUs;
  if (stt === undefined || !isComplete(stt) || fromUs === undefined) return null;
  return toSeconds(Math.max(0, stt.endUs - fromUs));
}
