import type { Fact, StageFact } from '../../model/facts.ts';

/**
 * What the provider calls the requests of some stages: as the stages themselves say, or the spans of their attempts, which
 * LiveKit has below the stage, or around it where a stream is made of several requests.
 *
 * @param facts - of the whole call
 */
export function requestIdsOf(stages: readonly StageFact[], facts: readonly Fact[]): string[] {
  const own = new Set(stages.map(({ traceId, spanId }) => `${traceId}/${spanId}`));
  const around = new Set(stages.map(({ traceId, parentSpanId }) => `${traceId}/${parentSpanId}`));
  const attempts = facts.filter(
    ({ type, traceId, spanId, parentSpanId }) =>
      type === 'other' && (own.has(`${traceId}/${parentSpanId}`) || around.has(`${traceId}/${spanId}`)),
  );
  const ids = [
    ...stages.flatMap(({ requestIds = [], responseId }) => [
      ...requestIds,
      ...(responseId === undefined ? [] : [responseId]),
    ]),
    ...attempts.flatMap(({ requestIds = [] }) => requestIds),
  ];
  return [...new Set(ids)];
}
