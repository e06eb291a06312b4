import { ATTR } from '../../../model/semconv.ts';
import type { Call } from '../../call/call.ts';
import type { Turn } from '../../call/turn.ts';
import type { ReportedStage } from './metrics.ts';

/** Three of LiveKit's instants are added up, each of which has lost less than one. */
const ROUNDING_MS = 3;

/**
 * What was heard had been synthesised: LiveKit's whole milliseconds can put the first audio a little after the instant at
 * which it was played.
 */
export function beforePlayback(stage: ReportedStage, turn: Turn | undefined): ReportedStage {
  const lateMs = (stage.firstByteMs ?? 0) - (turn?.playbackStartedUs ?? 0) / 1_000;
  if (stage.kind !== 'tts' || !turn?.answered || lateMs <= 0 || lateMs > ROUNDING_MS) return stage;
  const { startMs, firstByteMs = startMs, endMs } = stage;
  return { ...stage, startMs: startMs - lateMs, firstByteMs: firstByteMs - lateMs, endMs: endMs - lateMs };
}

/** Writes a request that is over as a stage of its turn, or of the call. */
export function recordStage(
  owner: Pick<Call, 'startStage'>,
  { kind, facts, startMs, firstByteMs, endMs, cancelled, gaveNothing, usage, responseId }: ReportedStage,
  agentName?: string,
): void {
  const stage = owner.startStage(kind, { ...facts, at: startMs });
  if (agentName !== undefined && kind === 'llm') stage.setAttribute(ATTR.agentName, agentName);
  if (firstByteMs !== undefined) stage.firstByte(firstByteMs);
  const result = { at: endMs, ...(usage && { usage }), ...(responseId !== undefined && { responseId }) };
  if (cancelled) stage.cancel(result);
  else if (gaveNothing) stage.fail('_OTHER', result);
  else stage.end(result);
}
