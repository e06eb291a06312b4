import { type Attributes, type Context, type Span, SpanKind } from '@opentelemetry/api';
import type { MarkedTurn } from '../../exporter/calls/marks.ts';
import { eouLatencyUs } from '../../exporter/calls/segments.ts';
import { ATTR, SPAN } from '../../model/semconv.ts';
import { seconds } from './clock.ts';
import { endSpan, startSpan } from './spans.ts';

/** The silence that the caller heard, as a bar of its own. A greeting has none: the user had not spoken. */
export function writeResponse(turn: Span, within: Context, marked: MarkedTurn, identity: Attributes): void {
  const { eouUs, eouSource } = marked;
  const latencyUs = eouLatencyUs(marked);
  if (eouUs === undefined || latencyUs === null) return;
  const latency = { [ATTR.eouLatency]: seconds(latencyUs) };
  turn.setAttributes({ ...latency, ...(eouSource && { [ATTR.eouSource]: eouSource }) });
  const response = startSpan(
    SPAN.response,
    { kind: SpanKind.INTERNAL, startUs: eouUs, attributes: { ...identity, ...latency } },
    within,
  );
  endSpan(response, eouUs, eouUs + latencyUs);
}
