import { context } from '@opentelemetry/api';
import { withReportedStages } from '../../call/scope.ts';
import { type Foreign, foreign, type Method, wrapOnce } from '../kit/patch.ts';

/** What starts the work of a model of each kind. Fallbacks and adapters reach the models below through the same. */
const STARTERS = {
  llm: ['chat', 'session'],
  tts: ['stream', 'synthesize'],
  stt: ['stream', 'recognize'],
} as const;

/**
 * Has the models of a session, or of one of its agents, run as work that LiveKit reports: the vendor's SDK below stays
 * silent. On the models and not around the session, because requests that the application makes itself, in a tool or a
 * node of its own, are not reported by anybody else.
 */
export function markReported(owner: unknown): void {
  const models: Foreign | undefined = foreign(owner);
  for (const [kind, methods] of Object.entries(STARTERS)) {
    const model = models?.[kind];
    for (const method of methods) wrapOnce(model, method, reported);
  }
}

const reported = (start: Method): Method =>
  function (this: unknown, ...args) {
    return context.with(withReportedStages(context.active()), () => start.apply(this, args));
  };
