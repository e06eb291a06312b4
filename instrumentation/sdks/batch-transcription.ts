import { context } from '@opentelemetry/api';
import { instantUs, nowMs } from '../clock.ts';
import { activeCall } from '../scope.ts';
import { Stage, type StageFacts, type StageResult } from '../stage.ts';

/** A stage of one request, whose result comes all at once. */
export type OneRequest = Pick<Stage, 'firstByte' | 'end' | 'cancel' | 'fail'>;

/**
 * A recording that is transcribed as a whole. In a call it is an utterance: the application has found its end, and has
 * accepted it. When it was spoken is not known, so that its turn begins with the request.
 */
export function openTranscription(facts: StageFacts): OneRequest {
  const batch = { ...facts, streaming: false };
  const active = context.active();
  const call = activeCall(active);
  const startMs = nowMs();
  if (!call) return new Stage('stt', batch, { parent: active, attributes: {}, startUs: instantUs(startMs) });
  return {
    firstByte: () => {},
    end: (result: StageResult = {}) => {
      const endMs = nowMs();
      call.tracker.utterance({ startAt: startMs, firstByteAt: endMs, endAt: endMs, facts: batch, result });
      if (result.text) call.tracker.committed(endMs);
    },
    cancel: () => call.startStage('stt', { ...batch, at: startMs }).cancel(),
    fail: (error: unknown) => call.startStage('stt', { ...batch, at: startMs }).fail(error),
  };
}
