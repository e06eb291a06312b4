import { context } from '@opentelemetry/api';
import { isTracingSuppressed } from '../../model/suppressed.ts';
import { type Instant, instantUs } from './clock.ts';
import { readArgument, readOptions, STAGE_KIND, STAGE_START } from './options.ts';
import { activeScope, stagesReported } from './scope.ts';
import { guard } from './spans.ts';
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
 * Opens a stage for the running code: in the turn that it answers, when it belongs to a call, and as the call's alone when
 * that has ended (a summary is paid for too); otherwise as a plain span below whatever span is active, so that a model
 * request outside of any call still gives its GenAI span.
 */
export function openStage(kind: 'llm' | 'tts' | 'tool', facts: StageFacts, at?: Instant): Stage {
  const active = context.active();
  const known = readArgument('openStage', STAGE_KIND, 'kind', kind);
  if (known === undefined) return new Stage('tool', {}, undefined);
  const read = readOptions('openStage', STAGE_START, facts);
  const call = activeScope(active)?.call;
  const stage = call && guard('opening a stage', () => call.tracker.startStage(kind, read, at));
  return stage ?? new Stage(known, read, { parent: active, attributes: {}, startUs: instantUs(at) });
}
