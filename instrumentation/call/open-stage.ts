import { context } from '@opentelemetry/api';
import { isTracingSuppressed } from '@opentelemetry/core';
import { type Instant, instantUs } from './clock.ts';
import { activeCall, stagesReported } from './scope.ts';
import { Stage, type StageFacts } from './stage.ts';

/**
 * Whether a request of the running code is to become a stage: not inside an exporter, and not where a framework reports
 * the request itself, which would then count twice.
 */
export function followsRequests(): boolean {
  const active = context.active();
  return !isTracingSuppressed(active) && !stagesReported(active);
}

/**
 * Opens a stage for the running code: in the turn that it answers, when it belongs to a call; otherwise as a plain
 * span below whatever span is active, so that a model request outside of any call still gives its GenAI span.
 */
export function openStage(kind: 'llm' | 'tts' | 'tool', facts: StageFacts, at?: Instant): Stage {
  const active = context.active();
  const call = activeCall(active);
  if (call) return call.tracker.startStage(kind, facts, at);
  return new Stage(kind, facts, {
    parent: active,
    attributes: {},
    startUs: instantUs(at),
  });
}
