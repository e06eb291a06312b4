import { LABEL, SPAN_METRICS } from '../../../grafana/names.ts';
import { ATTR, SPAN } from '../../../model/semconv.ts';
import { childOf, newTrace, request, spanMaker } from './otlp-spans.ts';

/** Counts the synthesis of {@link badCall}. */
export const FAILED = `${SPAN_METRICS.calls}{${LABEL.statusCode}="STATUS_CODE_ERROR", ${LABEL.stage}="tts"}`;

/** A call as the callers do not make it: a model without a price that fails, prompts from the cache, a bad end. */
export function badCall(service: string, callId: string) {
  const startMs = Date.now() - 10_000;
  const [call, turn] = [newTrace(), newTrace()];
  const span = spanMaker(callId, startMs);
  return request({ 'service.name': service }, [
    {
      ...childOf(turn),
      ...span('chat llama-3.1-8b-instant', 1_000, 1_500, {
        [ATTR.stage]: 'llm',
        [ATTR.providerName]: 'groq',
        [ATTR.requestModel]: 'llama-3.1-8b-instant',
        [ATTR.inputTokens]: 800,
        [ATTR.cachedInputTokens]: 600,
        [ATTR.outputTokens]: 20,
      }),
    },
    {
      ...childOf(turn),
      ...span(SPAN.tts, 1_500, 3_000, {
        [ATTR.stage]: 'tts',
        [ATTR.providerName]: 'acme',
        [ATTR.requestModel]: 'voice-1',
        [ATTR.usageCharacters]: 40,
        [ATTR.errorType]: 'TimeoutError',
      }),
      status: { code: 2 },
    },
    {
      ...turn,
      ...span(SPAN.turn, 500, 4_000, { [ATTR.turnIndex]: 0, [ATTR.turnInitiator]: 'user' }),
      links: [call],
    },
    { ...call, ...span(SPAN.call, 0, 5_000, { [ATTR.outcome]: 'FAIL', [ATTR.outcomeSource]: 'explicit' }) },
  ]);
}
