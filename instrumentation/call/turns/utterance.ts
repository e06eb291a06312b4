import { ATTR } from '../../../model/semconv.ts';
import type { Instant } from '../clock.ts';
import type { StageFacts, StageResult } from '../stage.ts';
import type { CallHost } from './host.ts';

/** One utterance transcribed. Recorded when it is over, because only then it is known which turn it belongs to. */
export interface Utterance {
  /** When the user began to speak. */
  startAt: Instant;
  /** When a recording was sent to be transcribed. (Default: `startAt`. A live stream is transcribed as the user speaks.) */
  requestedAt?: Instant | undefined;
  /** First transcript of the utterance. */
  firstByteAt?: Instant | undefined;
  /** Final transcript. */
  endAt: Instant;
  /** Seconds of each silence between its words. Absent: not known. */
  pauses?: number[] | undefined;
  facts: StageFacts;
  result: StageResult;
  /** The connection ended before the final transcript. */
  cancelled?: boolean;
  /** Why there is no transcript. */
  error?: unknown;
}

/** Writes the transcription of an utterance as a stage of its turn, or of the call. */
export function recordUtterance(
  owner: Pick<CallHost, 'startStage'>,
  { startAt, requestedAt = startAt, firstByteAt, endAt, pauses, facts, result, cancelled, error }: Utterance,
): void {
  const stage = owner.startStage('stt', { ...facts, at: requestedAt }, false);
  if (firstByteAt !== undefined) stage.firstByte(firstByteAt);
  if (pauses !== undefined) stage.setAttribute(ATTR.sttPauses, pauses);
  const outcome = { ...result, at: endAt };
  if (cancelled) stage.cancel(outcome);
  else if (error !== undefined) stage.fail(error, outcome);
  else stage.end(outcome);
}
